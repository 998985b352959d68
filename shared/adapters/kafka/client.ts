import net from 'node:net';
import tls from 'node:tls';
import { Kafka, logLevel, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { calmTimer } from './calm-timer.js';
import type { OnNotice } from './notice.js';
import type { KafkaLogin, KafkaSettings } from './settings.js';
import { within } from './time-limit.js';

const CONNECT_MS = 1_500;
const KEEP_ALIVE_MS = 10_000;
/** Of connecting and of asking who leads a partition; a publish is never tried again in there. */
const RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 500 };
const PARTING_MS = 1_000;

/** Somebody who was connected through a client. */
type Connected = Readonly<{ disconnect: () => Promise<void> }>;

/** The vendor's client, and its sockets: it does not always let go of them by itself. */
export class KafkaClient {
  readonly kafka: Kafka;
  readonly #sockets = new Set<net.Socket>();
  #dropped = false;

  /** @param answerMs after which the client itself gives a request up */
  constructor(settings: KafkaSettings, answerMs = settings.answerMs) {
    calmTimer();
    this.kafka = new Kafka(this.#config(settings, answerMs));
  }

  /** Parts from the brokers, politely where they answer. Takes a second at most, never throws. */
  async end(...connected: readonly Connected[]): Promise<void> {
    const parting = Promise.allSettled(connected.map((one) => one.disconnect()));
    const parted = await within(PARTING_MS, 'parting', parting).catch(() => undefined);
    // What nobody waits for any more need not fail.
    if (parted !== undefined) for (const socket of this.#sockets) socket.destroy();
    this.drop();
  }

  /** {@link drop}s when the signal aborts. @returns what takes that back */
  dropWith(signal: AbortSignal): () => void {
    const drop = () => {
      this.drop();
    };
    if (signal.aborted) drop();
    signal.addEventListener('abort', drop);
    return () => {
      signal.removeEventListener('abort', drop);
    };
  }

  /** Cuts all connections, for good: whatever still waits for an answer fails. */
  drop(): void {
    this.#dropped = true;
    for (const socket of this.#sockets) giveUp(socket);
  }

  #config(settings: KafkaSettings, answerMs: number): KafkaConfig {
    const { brokers, clientId, sasl, onNotice } = settings;
    return {
      brokers: [...brokers],
      clientId,
      ssl: settings.tls,
      ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
      connectionTimeout: CONNECT_MS,
      authenticationTimeout: settings.answerMs,
      requestTimeout: answerMs,
      enforceRequestTimeout: true,
      retry: RETRY,
      logLevel: logLevel.WARN,
      logCreator: () => lineTo(onNotice),
      socketFactory: ({ host, port, onConnect }) =>
        this.#keep(connect(settings.tls, host, port, onConnect)),
    };
  }

  #keep(socket: net.Socket): net.Socket {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // While brokers are away the client parts from a dead socket again and again, and adds a listener
    // each time. They go with the socket.
    socket.setMaxListeners(0);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    // The client goes on trying for a while. Not before it listens for errors.
    if (this.#dropped) setImmediate(giveUp, socket);
    return socket;
  }
}

function giveUp(socket: net.Socket): void {
  socket.destroy(new Error('the connection was given up'));
}

function connect(encrypted: boolean, host: string, port: number, done: () => void): net.Socket {
  if (!encrypted) return net.connect({ host, port }, done);
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  return tls.connect({ host, port, ...name }, done);
}

function saslOptions({ mechanism, username, password }: KafkaLogin): SASLOptions {
  const login = { username, password };
  switch (mechanism) {
    case 'plain':
      return { mechanism, ...login };
    case 'scram-sha-256':
      return { mechanism, ...login };
    case 'scram-sha-512':
      return { mechanism, ...login };
  }
}

/** The client writes to the console unless it is given something else. */
function lineTo(onNotice: OnNotice): (entry: LogEntry) => void {
  return ({ namespace, level, log }) => {
    const text = namespace === '' ? log.message : `${namespace}: ${log.message}`;
    onNotice({ kind: 'client', level: level === logLevel.ERROR ? 'error' : 'warn', text });
  };
}
