import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readConnectionString } from '../../shared/adapters/eventstoredb/settings.js';
import { eventFile } from '../../shared/adapters/sqlite/event-file.js';
import { WrongUse } from '../cli/faults.js';

/** Where a log is. */
export type LogPlace =
  | Readonly<{ kind: 'sqlite'; folder: string }>
  /** The URL may hold a password: never print it. `server` is what may be said. */
  | Readonly<{ kind: 'eventstoredb'; url: string; server: string }>;

export type PlaceKind = LogPlace['kind'];

/** What the command line says of one side; what it leaves out is in the environment. */
export type PlaceOptions = Readonly<{
  side: 'from' | 'to';
  kind: PlaceKind;
  folder: string | undefined;
  /** A URL without a password, or `@` and the name of a file that holds one. */
  url: string | undefined;
}>;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {WrongUse} the options do not fit together, or the place is not named anywhere */
export function readPlace(options: PlaceOptions, environment: Environment): LogPlace {
  const { side, kind, folder, url } = options;
  switch (kind) {
    case 'sqlite':
      if (url !== undefined) throw new WrongUse(`--${side}-url: --${side} sqlite has no URL`);
      return { kind, folder: resolve(folder ?? given(environment, 'SAGAE_DATA') ?? './data') };
    case 'eventstoredb': {
      if (folder !== undefined) {
        throw new WrongUse(`--${side}-data: --${side} eventstoredb has no folder`);
      }
      return serverAt(url === undefined ? environmentUrl(side, environment) : urlOption(side, url));
    }
  }
}

function urlOption(side: string, text: string): string {
  if (text.startsWith('@')) return contentOf(text.slice(1));
  // Everybody on the machine can read the arguments of a process.
  if (/^[^:]+:\/\/[^/]*@/.test(text)) {
    throw new WrongUse(
      `--${side}-url: a URL with a name and a password is taken from ESDB_URL, or from a file: @FILE`,
    );
  }
  return text;
}

function environmentUrl(side: string, environment: Environment): string {
  const file = given(environment, 'ESDB_URL_FILE');
  const url = file === undefined ? given(environment, 'ESDB_URL') : contentOf(file);
  if (url !== undefined) return url;
  throw new WrongUse(`--${side} eventstoredb: set ESDB_URL, or give --${side}-url`);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new WrongUse(`${file} cannot be read: it should hold the URL of EventStoreDB`);
  }
}

function serverAt(url: string): LogPlace {
  try {
    return { kind: 'eventstoredb', url, server: readConnectionString(url).server };
  } catch (error) {
    if (error instanceof TypeError) throw new WrongUse(error.message, { cause: error });
    throw error;
  }
}

function given(environment: Environment, variable: string): string | undefined {
  const value = environment[variable];
  return value === '' ? undefined : value;
}

/** A place, for people. */
export function describePlace(place: LogPlace): string {
  switch (place.kind) {
    case 'sqlite':
      return `SQLite in ${place.folder}`;
    case 'eventstoredb':
      return `EventStoreDB at ${place.server}`;
  }
}

/** Whether two places are the same log, by whatever names, as far as can be told without asking. */
export function isSamePlace(one: LogPlace, other: LogPlace): boolean {
  if (one.kind === 'sqlite' && other.kind === 'sqlite') return isSameFile(one.folder, other.folder);
  if (one.kind === 'eventstoredb' && other.kind === 'eventstoredb') {
    return hostsOf(one.server) === hostsOf(other.server);
  }
  return false;
}

function isSameFile(one: string, other: string): boolean {
  const [oneFile, otherFile] = [eventFile(one), eventFile(other)];
  if (!existsSync(oneFile) || !existsSync(otherFile)) return realPath(one) === realPath(other);
  const [a, b] = [statSync(oneFile), statSync(otherFile)];
  return a.dev === b.dev && a.ino === b.ino;
}

function realPath(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : folder;
}

function hostsOf(server: string): string {
  return server.toLowerCase().split(',').sort().join(',');
}
