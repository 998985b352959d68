import { randomUUID } from 'node:crypto';
import {
  EventStoreDBClient,
  jsonEvent,
  type AllStreamSubscription,
  type AppendResult,
  type JSONEventData,
  type StreamSubscription,
} from '@eventstore/db-client';
import { afterEach, beforeEach } from 'mocha';
import {
  startProtocolServer,
  type ProtocolServer,
  type ProtocolServerOptions,
} from './protocol-server.js';

/** A fresh server and a client of it, for every test of a suite. */
export function withServer(
  options: ProtocolServerOptions = {},
  prepare: (server: ProtocolServer) => void = () => undefined,
): Readonly<{ server: () => ProtocolServer; client: () => EventStoreDBClient }> {
  let server: ProtocolServer | undefined;
  let client: EventStoreDBClient | undefined;

  beforeEach(async () => {
    server = await startProtocolServer(options);
    prepare(server);
    client = EventStoreDBClient.connectionString(server.url);
  });
  afterEach(async () => {
    // Not awaited: after a call that was half closed the client never comes to an end of it.
    void client?.dispose();
    await server?.stop();
  });
  return { server: () => there(server), client: () => there(client) };
}

export function event(content: unknown = 'x', id: string = randomUUID()): JSONEventData {
  return jsonEvent({ type: 'tested', id, data: { content: JSON.stringify(content) } });
}

/** What a promise was rejected with, as the client tells its errors apart. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<Readonly<{ type: unknown; code: unknown; error: unknown }>> {
  try {
    await promise;
  } catch (error) {
    const { type, code } = asRecord(error);
    return { type, code, error };
  }
  throw new Error('nothing failed');
}

/** What has become of a promise so far. */
export function watch(promise: Promise<unknown>): () => 'pending' | 'fulfilled' | 'rejected' {
  let state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  promise.then(
    () => (state = 'fulfilled'),
    () => (state = 'rejected'),
  );
  return () => state;
}

export function positionOf({ position }: AppendResult): bigint {
  return there(position).commit;
}

type AnySubscription = StreamSubscription | AllStreamSubscription;

/** The error that ends a subscription, of which this client emits nothing more. */
export function errorOf(subscription: AnySubscription): Promise<ReturnType<typeof asRecord>> {
  return new Promise((resolve) => {
    subscription.once('error', (error: unknown) => resolve(asRecord(error)));
  });
}

/** Reads everything with a position above that of the system's events. */
export async function idsOf(
  events: AsyncIterable<{ event?: { id: string; type: string } }>,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { event: one } of events) {
    if (one !== undefined && !one.type.startsWith('$')) ids.push(one.id);
  }
  return ids;
}

export function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    ['type', 'code', 'message', 'actualVersion', 'expectedVersion', 'leader', 'maxAppendSize'].map(
      (name) => [name, Reflect.get(value, name) as unknown],
    ),
  );
}

export function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}
