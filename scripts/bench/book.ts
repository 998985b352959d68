import { randomUUID } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PostEntry } from '../../command-service/application/ledger.js';
import { openLedger, type OpenLedger } from '../../command-service/application/open-ledger.js';
import { projectionTables, startProjection } from '../../projection-service/service.js';
import { allViews } from '../../projection-service/views/all.js';
import { openQueries, type Queries } from '../../query-service/queries/open.js';
import { openEventStore, type SqliteEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openViewStore, type SqliteViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Table, ViewStore } from '../../shared/ports/view-store.js';
import { now } from './statistics.js';

const ZONE = 'Asia/Seoul';
const BATCH = 1_000;
const IN_FLIGHT = 4;
/** Commands made at a time, while no clock runs. */
const CHUNK = 40_000;

/** The three sides of a ledger in this process, on one data folder, without HTTP. */
export class Book {
  private constructor(
    private readonly folder: string,
    readonly log: SqliteEventStore,
    readonly ledger: OpenLedger,
    private readonly views: SqliteViewStore,
    readonly queries: Queries,
  ) {}

  static async open(folder: string): Promise<Book> {
    const log = await openEventStore({ folder });
    const clock = Date.now;
    const ledger = await openLedger({ store: log, clock, ids: randomUUID, zone: ZONE });
    const views = openViewStore({ folder, tables: allTables() });
    const queries = openQueries({ views, log, clock });
    return new Book(folder, log, ledger, views, queries);
  }

  /** As {@link postHistory}. */
  post(make: (n: number) => PostEntry, from: number, to: number): Promise<number> {
    return postHistory(this.ledger, make, from, to);
  }

  /** As {@link projectAll}. */
  project(): Promise<number> {
    return projectAll(this.log, this.views);
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await this.views.close();
    await this.log.close();
  }

  /** Bytes on disk, of the log and of the views. To be asked when the book is closed. */
  bytes(): Readonly<{ log: number; views: number }> {
    const size = (begin: string): number =>
      readdirSync(this.folder)
        .filter((file) => file.startsWith(begin))
        .reduce((sum, file) => sum + statSync(join(this.folder, file)).size, 0);
    return { log: size('events'), views: size('views') };
  }
}

/**
 * Posts entries number `from` to `to` − 1 in batches of 1,000, a few of them in flight.
 * @returns seconds, those in which the commands were made left out
 * @throws when one is refused
 */
async function postHistory(
  ledger: OpenLedger,
  make: (n: number) => PostEntry,
  from: number,
  to: number,
): Promise<number> {
  let seconds = 0;
  for (let begin = from; begin < to; begin += CHUNK) {
    const end = Math.min(to, begin + CHUNK);
    const commands = Array.from({ length: end - begin }, (_, index) => make(begin + index));
    seconds += await postChunk(ledger, commands);
  }
  return seconds;
}

/** As {@link postHistory} from the first one on, through a ledger of its own on this log. */
export async function postBook(
  store: EventStore,
  make: (n: number) => PostEntry,
  entries: number,
): Promise<void> {
  const ledger = await openLedger({ store, clock: Date.now, ids: randomUUID, zone: ZONE });
  await postHistory(ledger, make, 0, entries);
  await ledger.close();
}

async function postChunk(ledger: OpenLedger, commands: readonly PostEntry[]): Promise<number> {
  let next = 0;
  const postNext = async (): Promise<void> => {
    while (next < commands.length) {
      const batch = commands.slice(next, (next += BATCH));
      const context = { actor: 'bench', correlationId: `bench-${batch[0]?.id ?? ''}` };
      for (const answer of await ledger.postEntries(batch, context)) {
        if (answer.kind === 'refused') throw new Error(answer.refusal.message);
      }
    }
  };
  const start = now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, postNext));
  return (now() - start) / 1000;
}

/** Tables of every view there is. */
export function allTables(): readonly Table[] {
  return projectionTables(allViews(ZONE));
}

/** Brings every view up to the head of the log. @returns seconds */
export async function projectAll(log: EventStore, store: ViewStore): Promise<number> {
  const head = await log.head();
  const start = now();
  const reached = new Promise<void>((resolve) => {
    const behind = new Set(allViews(ZONE).map((view) => view.name));
    const projection = startProjection({
      log,
      store,
      views: allViews(ZONE),
      onNotice: (notice) => {
        if (notice.kind === 'committed' && notice.position >= head) behind.delete(notice.view);
        if (behind.size === 0) resolve(projection.stop());
      },
    });
  });
  await reached;
  return (now() - start) / 1000;
}
