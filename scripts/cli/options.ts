import { statSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { readConfig, type Config } from '../../shared/config.js';
import { ConfigRefused } from '../../shared/setting.js';
import { eventFile } from '../../shared/adapters/sqlite/event-file.js';
import { storesOf } from '../../shared/stores/open.js';
import type { Stores } from '../../shared/stores/stores.js';
import { isDay, type Day } from '../../shared/ledger/day.js';
import { WrongUse } from './faults.js';
import { parseKnown, type Known } from './known.js';
import { note } from './output.js';

const DEFAULT_PORT = 8080;

/** The settings of this process. @throws {WrongUse} one of them is wrong */
export function settings(): Config {
  try {
    return readConfig(process.env, DEFAULT_PORT);
  } catch (error) {
    if (error instanceof ConfigRefused) throw new WrongUse(error.message, { cause: error });
    throw error;
  }
}

/** Log and views where the settings say they are. @throws {WrongUse} a setting is wrong */
export function openStores(): Promise<Stores> {
  return storesOf(settings(), (about, message) => {
    note(`${message} ${JSON.stringify(about)}`);
  });
}

/** The same for a ledger that is there already. @throws {WrongUse} there is no log */
export function existingStores(): Promise<Stores> {
  if (settings().store.kind === 'sqlite') existingData();
  return openStores();
}

/** The data folder, with a log in it. @throws {WrongUse} there is none */
export function existingData(): string {
  const { dataFolder } = settings();
  // An empty file is what is left of a log that was cut off; opening it would make a new one of it.
  const file = statSync(eventFile(dataFolder), { throwIfNoEntry: false });
  if (file !== undefined && file.size > 0) return dataFolder;
  throw new WrongUse(`there is no log in ${dataFolder}; SAGAE_DATA names the data folder`);
}

/** What positions of the log count, for people: events in a SQLite file, bytes on a server. */
export function positionUnit(): 'events' | 'bytes' {
  return settings().store.kind === 'sqlite' ? 'events' : 'bytes';
}

/** A file that can be read. @throws {WrongUse} it is not there, or is no file */
export function checkFile(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new WrongUse(`${path}: no such file`);
  if (!found.isFile()) throw new WrongUse(`${path}: is not a file`);
  return found.size;
}

/** A day on the command line. */
export function dayArgument(text: string): Day {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('not a day of the calendar, YYYY-MM-DD');
}

/** `--known` on the command line. */
export function knownArgument(text: string): Known {
  const known = parseKnown(text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError('neither position:N nor an instant like 2026-01-31T09:00:00Z');
}

/** The address of a server on the command line, without a slash at the end. */
export function urlArgument(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new InvalidArgumentError('not the address of a server like http://127.0.0.1:8080');
  }
  return text.replace(/\/+$/, '');
}

/** `--format`, with the choices a command has; the first is the default. */
export function formatOption(...choices: readonly [string, ...string[]]): Option {
  return new Option('--format <format>', 'how to print').choices(choices).default(choices[0]);
}
