import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { ConfigRefused, type Environment } from './setting.js';
import {
  environmentOfStores,
  readKafkaConfig,
  readStoreConfig,
  type KafkaConfig,
  type StoreConfig,
} from './store-config.js';

/** A caller that may use the server: the name it acts under, and the SHA-256 of its secret. */
export type ApiKey = Readonly<{ name: string; sha256: Buffer }>;

/** What a service is started with. */
export type Config = Readonly<{
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Absolute path of the folder that holds the log and the views, where these are SQLite. */
  dataFolder: string;
  store: StoreConfig;
  /** Undefined: nothing is published. */
  kafka: KafkaConfig | undefined;
  /** IANA name: the zone in which accounting days begin and end. */
  timeZone: string;
  logLevel: string;
  /** Empty: no key is asked for, which is allowed on a loopback address only. */
  apiKeys: readonly ApiKey[];
}>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Reads the settings from environment variables. An empty variable counts as absent.
 * @throws {ConfigRefused} the first setting that is wrong
 */
export function readConfig(environment: Environment, defaultPort: number): Config {
  const read = (name: string, fallback: string): string => {
    const value = environment[name];
    return value === undefined || value === '' ? fallback : value;
  };
  const host = readHost(read('HOST', '127.0.0.1'));
  const apiKeys = readApiKeys(environment);
  if (!isLoopback(host) && apiKeys.length === 0) {
    throw new ConfigRefused(
      'HOST',
      `${host} can be reached by others, so callers need keys: set SAGAE_API_KEYS to ` +
        'name:sha256-of-the-secret, or leave HOST at 127.0.0.1',
    );
  }
  return {
    host,
    port: readPort(read('PORT', String(defaultPort))),
    dataFolder: resolve(read('SAGAE_DATA', './data')),
    store: readStoreConfig(environment),
    kafka: readKafkaConfig(environment),
    timeZone: readTimeZone(read('SAGAE_TIME_ZONE', 'Asia/Seoul')),
    logLevel: readLogLevel(read('LOG_LEVEL', 'info')),
    apiKeys,
  };
}

/** The environment from which {@link readConfig} reads these settings, for a thread or process. */
export function environmentOf(config: Config): Record<string, string> {
  return {
    HOST: config.host,
    PORT: String(config.port),
    SAGAE_DATA: config.dataFolder,
    ...environmentOfStores(config.store, config.kafka),
    SAGAE_TIME_ZONE: config.timeZone,
    LOG_LEVEL: config.logLevel,
    SAGAE_API_KEYS: config.apiKeys
      .map(({ name, sha256 }) => `${name}:${sha256.toString('hex')}`)
      .join(','),
  };
}

/** Whether only programs of this machine reach the address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function readHost(text: string): string {
  const name = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
  if (isIP(text) !== 0 || name.test(text)) return text;
  throw new ConfigRefused('HOST', `"${text}" is neither an IP address nor a host name`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigRefused('PORT', `"${text}" is not a port: a number from 0 to 65535`);
}

function readTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new ConfigRefused('SAGAE_TIME_ZONE', `"${text}" is not a time zone like Asia/Seoul`);
  }
}

function readLogLevel(text: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw new ConfigRefused('LOG_LEVEL', `"${text}" is none of ${LOG_LEVELS.join(', ')}`);
}

function readApiKeys(environment: Environment): readonly ApiKey[] {
  const file = environment['SAGAE_API_KEYS_FILE'];
  if (file !== undefined && file !== '') {
    return parseApiKeys('SAGAE_API_KEYS_FILE', readKeysFile(file));
  }
  return parseApiKeys('SAGAE_API_KEYS', environment['SAGAE_API_KEYS'] ?? '');
}

function readKeysFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigRefused('SAGAE_API_KEYS_FILE', `${file} cannot be read`);
  }
}

function parseApiKeys(variable: string, text: string): readonly ApiKey[] {
  const keys = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part, index) => {
      const match = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/.exec(part);
      const [, name, hex] = match ?? [];
      if (name === undefined || hex === undefined) {
        // The text itself is not repeated: it may be a secret put in the wrong place.
        throw new ConfigRefused(
          variable,
          `entry ${index + 1} is not name:sha256, the SHA-256 of the secret in 64 hex digits`,
        );
      }
      return { name, sha256: Buffer.from(hex, 'hex') };
    });
  if (new Set(keys.map((key) => key.name)).size !== keys.length) {
    throw new ConfigRefused(variable, 'a name is there twice');
  }
  if (variable === 'SAGAE_API_KEYS_FILE' && keys.length === 0) {
    throw new ConfigRefused(variable, 'the file holds no key');
  }
  return keys;
}
