import { existsSync } from 'node:fs';
import { openEventStoreDb } from '../../shared/adapters/eventstoredb/event-store.js';
import { eventFile } from '../../shared/adapters/sqlite/event-file.js';
import { openEventImport } from '../../shared/adapters/sqlite/event-import.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { WrongUse } from '../cli/faults.js';
import type { LogSource, LogTarget } from './log-target.js';
import type { LogPlace } from './places.js';
import { RecordedTarget } from './recorded-target.js';

/** An opened log, and how to close it. */
export type Opened<Log> = Readonly<{ log: Log; close: () => Promise<void> }>;

/** Takes what an adapter wants said. */
export type OnNotice = (text: string) => void;

/**
 * Opens a log that there is.
 * @throws {WrongUse} there is none, and whatever else the adapter throws
 */
export async function openSource(place: LogPlace, onNotice: OnNotice): Promise<Opened<LogSource>> {
  switch (place.kind) {
    case 'sqlite': {
      const { folder } = place;
      if (!existsSync(eventFile(folder))) throw new WrongUse(`there is no log in ${folder}`);
      // Every event is read, and its checksum checked, anyway.
      const log = await openEventStore({ folder, readonly: true, checkTail: 0 });
      return { log, close: () => log.close() };
    }
    case 'eventstoredb': {
      const log = await openServer(place.url, onNotice, true);
      return { log, close: () => log.close() };
    }
  }
}

/** Opens a log to copy into; a SQLite one is made when it is not there. */
export async function openTarget(place: LogPlace, onNotice: OnNotice): Promise<Opened<LogTarget>> {
  switch (place.kind) {
    case 'sqlite': {
      const log = await openEventImport(place.folder);
      return { log, close: () => log.close() };
    }
    case 'eventstoredb': {
      const log = await openServer(place.url, onNotice, false);
      return { log: new RecordedTarget(log), close: () => log.close() };
    }
  }
}

function openServer(
  url: string,
  onNotice: OnNotice,
  readonly: boolean,
): ReturnType<typeof openEventStoreDb> {
  return openEventStoreDb({
    url,
    readonly,
    onNotice: ({ kind }) => onNotice(`EventStoreDB: ${kind}`),
  });
}
