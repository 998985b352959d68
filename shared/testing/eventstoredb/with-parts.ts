import { Connection } from '../../adapters/eventstoredb/connection.js';
import { Reads } from '../../adapters/eventstoredb/reads.js';
import { RecordedTimes } from '../../adapters/eventstoredb/recorded-times.js';
import { readConnectionString } from '../../adapters/eventstoredb/settings.js';

export type Parts = Readonly<{ connection: Connection; times: RecordedTimes; reads: Reads }>;

const TIMEOUT_MS = 3000;

/** Parts of the adapter on a connection of their own, which ends with the work. */
export async function withParts<T>(url: string, work: (parts: Parts) => Promise<T>): Promise<T> {
  const settings = readConnectionString(url);
  const connection = new Connection(settings, TIMEOUT_MS);
  const times = new RecordedTimes(() => undefined);
  const reads = new Reads(connection, settings.server, times, TIMEOUT_MS);
  try {
    return await work({ connection, times, reads });
  } finally {
    await connection.hangUp();
  }
}
