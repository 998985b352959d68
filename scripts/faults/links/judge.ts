import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectionTables } from '../../../projection-service/service.js';
import { verifyViews } from '../../../projection-service/verify.js';
import { allViews } from '../../../projection-service/views/all.js';
import { openKafkaBus } from '../../../shared/adapters/kafka/event-bus.js';
import { openViewStore } from '../../../shared/adapters/sqlite/view-store.js';
import { readConfig } from '../../../shared/config.js';
import type { DeliveredMessage } from '../../../shared/ports/event-bus.js';
import { storesOf } from '../../../shared/stores/open.js';
import { readEvents } from '../log-event.js';
import { throwProblems } from '../run.js';
import type { World } from './world.js';

const ENTRIES = 'ledger.entry.v1';

/** Recomputes every view from the log, and compares all rows. @throws with every difference */
export async function checkViews(world: World): Promise<void> {
  const config = readConfig(world.stores('query'), 0);
  const stores = await storesOf(config, () => undefined);
  const views = allViews(config.timeZone);
  const tables = projectionTables(views);
  const folder = mkdtempSync(join(tmpdir(), 'sagae-verify-'));
  const log = await stores.log('read');
  const live = await stores.views(tables, 'read');
  const scratch = openViewStore({ folder, tables });
  try {
    const verified = await verifyViews({ log, live, scratch, views });
    throwProblems(
      verified.flatMap(({ view, equal, difference = 'differs' }) =>
        equal ? [] : [`view ${view}: ${difference}`],
      ),
    );
  } finally {
    await scratch.close();
    await live.close();
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Consumes the topic of entries from its beginning: every entry of the log is there, nothing else
 * is, and, repetitions left out, those of one stream come in the order of the log.
 * @returns how many messages there were, repetitions among them
 * @throws with everything that is wrong
 */
export async function checkTopic(world: World): Promise<number> {
  const events = await readEvents(world.url('query'), 0n);
  const expected = new Map(
    events.filter(({ data }) => data.entry !== undefined).map((event) => [event.eventId, event]),
  );
  const messages = await consumeUntil(world, new Set(expected.keys()));
  const seen = new Set<string>();
  const last = new Map<string, bigint>();
  const problems: string[] = [];
  for (const { key, headers } of messages) {
    const { eventId = '', position = '' } = headers;
    const event = expected.get(eventId);
    if (event === undefined) problems.push(`${eventId} was published and is not in the log`);
    if (seen.has(eventId)) continue;
    seen.add(eventId);
    if (event?.position !== position) problems.push(`${eventId} was published as at ${position}`);
    const before = last.get(key) ?? -1n;
    if (BigInt(position) <= before) problems.push(`${key}: ${position} comes after ${before}`);
    last.set(key, BigInt(position));
  }
  throwProblems(problems);
  return messages.length;
}

/** Everything in the topic, until all of these events have come. */
async function consumeUntil(
  world: World,
  eventIds: ReadonlySet<string>,
): Promise<readonly DeliveredMessage[]> {
  const bus = openKafkaBus({ brokers: [world.broker], clientId: 'judge', topics: [ENTRIES] });
  const arrived: DeliveredMessage[] = [];
  const missing = new Set(eventIds);
  const enough = new AbortController();
  const consuming = bus.consume(
    { topics: [ENTRIES], group: `judge-${process.pid}-${performance.now()}` },
    async (messages) => {
      for (const message of messages) {
        missing.delete(message.headers['eventId'] ?? '');
        arrived.push(message);
      }
      if (missing.size === 0) enough.abort();
    },
    enough.signal,
  );
  await consuming;
  await bus.close();
  return arrived;
}
