import { readFileSync } from 'node:fs';
import { ConfigRefused, type Environment } from './setting.js';

/** Where the log and the views are. The URLs may hold passwords: never print them. */
export type StoreConfig =
  | Readonly<{ kind: 'sqlite' }>
  | Readonly<{ kind: 'eventstoredb'; esdbUrl: string; mongodbUrl: string }>;

/** Where the relay publishes to. */
export type KafkaConfig = Readonly<{
  /** `host:port` of some brokers of the cluster; they name the others. */
  brokers: readonly string[];
  tls: boolean;
  sasl?: KafkaLogin;
}>;

export type KafkaLogin = Readonly<{
  mechanism: (typeof MECHANISMS)[number];
  username: string;
  password: string;
}>;

const STORES = ['sqlite', 'eventstoredb'];
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const BROKER =
  /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?):(\d{1,5})$/;

/** @throws {ConfigRefused} the first setting that is wrong */
export function readStoreConfig(environment: Environment): StoreConfig {
  const kind = given(environment, 'SAGAE_STORE') ?? 'sqlite';
  switch (kind) {
    case 'sqlite':
      return { kind };
    case 'eventstoredb':
      return {
        kind,
        esdbUrl: readUrl(environment, 'ESDB_URL', ['esdb', 'esdb+discover']),
        mongodbUrl: readUrl(environment, 'MONGODB_URL', ['mongodb', 'mongodb+srv']),
      };
    default:
      throw new ConfigRefused('SAGAE_STORE', `"${kind}" is none of ${STORES.join(', ')}`);
  }
}

/** Undefined: nothing is published. @throws {ConfigRefused} the first setting that is wrong */
export function readKafkaConfig(environment: Environment): KafkaConfig | undefined {
  const text = given(environment, 'KAFKA_BROKERS');
  if (text === undefined) return undefined;
  const brokers = text.split(',').map((broker) => broker.trim());
  for (const broker of brokers) {
    const port = BROKER.exec(broker)?.[1];
    if (port === undefined || Number(port) === 0 || Number(port) > 65_535) {
      throw new ConfigRefused('KAFKA_BROKERS', `"${broker}" is not host:port`);
    }
  }
  const sasl = readLogin(environment);
  return { brokers, tls: readTls(environment), ...(sasl === undefined ? {} : { sasl }) };
}

/** The environment from which the two above read these settings. Empty means absent. */
export function environmentOfStores(
  store: StoreConfig,
  kafka: KafkaConfig | undefined,
): Record<string, string> {
  const production = store.kind === 'eventstoredb';
  return {
    SAGAE_STORE: store.kind,
    ESDB_URL: production ? store.esdbUrl : '',
    ESDB_URL_FILE: '',
    MONGODB_URL: production ? store.mongodbUrl : '',
    MONGODB_URL_FILE: '',
    ...environmentOfKafka(kafka),
  };
}

function environmentOfKafka(kafka: KafkaConfig | undefined): Record<string, string> {
  const { brokers = [], tls = false, sasl } = kafka ?? {};
  return {
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TLS: String(tls),
    KAFKA_SASL_MECHANISM: sasl?.mechanism ?? '',
    KAFKA_USERNAME: sasl?.username ?? '',
    KAFKA_PASSWORD: sasl?.password ?? '',
    KAFKA_PASSWORD_FILE: '',
  };
}

function readUrl(environment: Environment, variable: string, schemes: readonly string[]): string {
  const url = readSecret(environment, variable);
  const forms = schemes.map((scheme) => `${scheme}://host:port`).join(' or ');
  if (url === undefined) {
    throw new ConfigRefused(variable, `SAGAE_STORE=eventstoredb needs it: ${forms}`);
  }
  // The URL itself is not repeated: it may hold a password.
  if (schemes.some((scheme) => url.startsWith(`${scheme}://`))) return url;
  throw new ConfigRefused(variable, `is not like ${forms}`);
}

function readTls(environment: Environment): boolean {
  const text = given(environment, 'KAFKA_TLS') ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ConfigRefused('KAFKA_TLS', `"${text}" is neither true nor false`);
}

function readLogin(environment: Environment): KafkaLogin | undefined {
  const text = given(environment, 'KAFKA_SASL_MECHANISM');
  if (text === undefined) return undefined;
  const mechanism = MECHANISMS.find((known) => known === text);
  if (mechanism === undefined) {
    const known = MECHANISMS.join(', ');
    throw new ConfigRefused('KAFKA_SASL_MECHANISM', `"${text}" is none of ${known}`);
  }
  const username = given(environment, 'KAFKA_USERNAME');
  const password = readSecret(environment, 'KAFKA_PASSWORD');
  if (username === undefined) throw new ConfigRefused('KAFKA_USERNAME', `${mechanism} needs it`);
  if (password === undefined) throw new ConfigRefused('KAFKA_PASSWORD', `${mechanism} needs it`);
  return { mechanism, username, password };
}

/** From the variable, or from the file that the variable with `_FILE` names. */
function readSecret(environment: Environment, variable: string): string | undefined {
  const file = given(environment, `${variable}_FILE`);
  if (file === undefined) return given(environment, variable);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new ConfigRefused(`${variable}_FILE`, `${file} cannot be read`);
  }
  if (text === '') throw new ConfigRefused(`${variable}_FILE`, `${file} is empty`);
  return text;
}

function given(environment: Environment, variable: string): string | undefined {
  const value = environment[variable];
  return value === '' ? undefined : value;
}
