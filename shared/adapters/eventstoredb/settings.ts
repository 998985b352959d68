import { readFileSync } from 'node:fs';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';

export type Endpoint = Readonly<{ address: string; port: number }>;

/** A connection string, read. */
export type ConnectionSettings = Readonly<{
  /** How to find a node: it is given, or asked for at these, or looked up in the DNS. */
  nodes:
    | Readonly<{ kind: 'single'; endpoint: Endpoint }>
    | Readonly<{ kind: 'gossip'; endpoints: Endpoint[] }>
    | Readonly<{ kind: 'dns'; discover: Endpoint }>;
  discovery: Readonly<{
    maxDiscoverAttempts?: number;
    discoveryInterval?: number;
    gossipTimeout?: number;
  }>;
  client: Readonly<{
    connectionName?: string;
    keepAliveInterval?: number;
    keepAliveTimeout?: number;
  }>;
  channel: Readonly<{
    insecure: boolean;
    rootCertificate?: Buffer;
    userCertFile?: Buffer;
    userKeyFile?: Buffer;
  }>;
  user: Readonly<{ username: string; password: string }> | undefined;
  /** For messages: without name and password. */
  server: string;
}>;

/**
 * Reads `esdb://…` and `esdb+discover://…`.
 * @throws {TypeError} it is neither, or a file that it names cannot be read, or it gives a password that would be sent to nobody: the
 *   client drops credentials on connections without TLS and says nothing
 */
export function readConnectionString(url: string): ConnectionSettings {
  const given = parse(url);
  const insecure = given.tls === false;
  if (insecure && given.defaultCredentials !== undefined) {
    throw new TypeError('a name and a password are sent over TLS only: this URL has tls=false');
  }
  const [first] = given.hosts;
  if (first === undefined) throw new TypeError('the URL of EventStoreDB names no host');
  const certificates = {
    rootCertificate: fileOf(given.tlsCAFile),
    userCertFile: fileOf(given.userCertFile),
    userKeyFile: fileOf(given.userKeyFile),
  };
  return {
    nodes: nodesOf(given.dnsDiscover, first, given.hosts),
    discovery: defined({
      maxDiscoverAttempts: given.maxDiscoverAttempts,
      discoveryInterval: given.discoveryInterval,
      gossipTimeout: given.gossipTimeout,
    }),
    client: defined({
      connectionName: given.connectionName,
      keepAliveInterval: given.keepAliveInterval,
      keepAliveTimeout: given.keepAliveTimeout,
    }),
    channel: { insecure, ...(insecure ? {} : defined(certificates)) },
    user: given.defaultCredentials,
    server: given.hosts.map(({ address, port }) => `${address}:${port}`).join(','),
  };
}

function parse(url: string): ReturnType<typeof parseConnectionString> {
  try {
    return parseConnectionString(url);
  } catch {
    // Its own error shows the whole URL, with the password.
    throw new TypeError('not a URL of EventStoreDB: esdb://host:port or esdb+discover://host:port');
  }
}

function nodesOf(
  discover: boolean,
  first: Endpoint,
  all: readonly Endpoint[],
): ConnectionSettings['nodes'] {
  if (discover) return { kind: 'dns', discover: first };
  if (all.length > 1) return { kind: 'gossip', endpoints: [...all] };
  return { kind: 'single', endpoint: first };
}

function fileOf(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TypeError(`the URL of EventStoreDB names a file that cannot be read: ${path}`, {
      cause: error,
    });
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is undefined: the client takes that for a value. */
function defined<T extends Record<string, unknown>>(values: T): Defined<T> {
  const kept: Defined<T> = {};
  for (const key in values) {
    const value = values[key];
    if (isDefined(value)) kept[key] = value;
  }
  return kept;
}

function isDefined<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}
