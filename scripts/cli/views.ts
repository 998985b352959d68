import type { Command } from 'commander';
import { listParked, type ParkedEvent } from '../../projection-service/parked.js';
import { rebuildViews } from '../../projection-service/rebuild.js';
import { retryParked } from '../../projection-service/retry-parked.js';
import { projectionTables } from '../../projection-service/service.js';
import type { View } from '../../projection-service/view.js';
import { allViews } from '../../projection-service/views/all.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { RebuildRunning, type RebuildPlace } from '../../shared/ports/view-rebuild.js';
import type { ViewStore } from '../../shared/ports/view-store.js';
import type { Access, Stores } from '../../shared/stores/stores.js';
import { Failed, WrongUse } from './faults.js';
import { existingStores, formatOption, positionUnit, settings } from './options.js';
import { json, print, table, type Format } from './output.js';
import { startProgress } from './progress.js';

type Printed = Readonly<{ format: Format }>;

/** `sagae views`. */
export function addViews(sagae: Command): void {
  const views = sagae.command('views').description('the read models, which can all be rebuilt');
  views
    .command('list')
    .description('how far each view is')
    .addOption(formatOption('text', 'json'))
    .action(listViews);
  views
    .command('rebuild')
    .description('compute views anew beside the live ones, also beside a server, and switch')
    .argument('[name]', 'one view; default: all')
    .addOption(formatOption('text', 'json'))
    .action(rebuild);
}

/** `sagae parked`. */
export function addParked(sagae: Command): void {
  const parked = sagae.command('parked').description('events that a view could not handle');
  parked
    .command('list')
    .description('the events each view still has to handle')
    .addOption(formatOption('text', 'json'))
    .action(listAllParked);
  parked
    .command('retry')
    .description('handle them again, each stream in its order; exit 1 when some still fail')
    .addOption(formatOption('text', 'json'))
    .action(retryAll);
}

type Parts = Readonly<{ stores: Stores; views: readonly View[]; log: EventStore }>;

async function withLog<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
  const stores = await existingStores();
  const log = await stores.log('read');
  try {
    return await work({ stores, views: allViews(settings().timeZone), log });
  } finally {
    await log.close();
  }
}

function withStore<Result>(
  access: Access,
  work: (parts: Parts & Readonly<{ store: ViewStore }>) => Promise<Result>,
): Promise<Result> {
  return withLog(async (parts) => {
    const store = await parts.stores.views(projectionTables(parts.views), access);
    try {
      return await work({ ...parts, store });
    } finally {
      await store.close();
    }
  });
}

async function listViews({ format }: Printed): Promise<void> {
  const { head, rows } = await withStore('read', async ({ views, log, store }) => {
    const rows = [];
    for (const { name } of views) {
      const position = await store.checkpoint(name);
      rows.push({ view: name, position, parked: (await listParked(store, name)).length });
    }
    return { head: await log.head(), rows };
  });
  if (format === 'json') return print(json({ head, views: rows }));
  const columns = [
    { title: 'view' },
    { title: 'position', right: true },
    { title: 'behind', right: true },
    { title: 'parked', right: true },
  ];
  await print(
    table(
      columns,
      rows.map(({ view, position, parked }) => {
        const behind = head > position ? head - position : 0n;
        return [view, `${position}`, `${behind}`, `${parked}`];
      }),
    ),
  );
}

async function rebuild(name: string | undefined, { format }: Printed): Promise<void> {
  const rebuilt = await withLog(async ({ stores, views, log }) => {
    const chosen = views.filter((view) => name === undefined || view.name === name);
    if (chosen.length === 0) {
      const names = views.map((view) => view.name).join(', ');
      throw new WrongUse(`there is no view ${name ?? ''}; there are ${names}`);
    }
    const place = await openPlace(stores, chosen);
    const progress = startProgress('rebuilding', Number(await log.head()), positionUnit());
    try {
      return await rebuildViews({
        log,
        place,
        views: chosen,
        onProgress: ({ position }) => progress.update(Number(position)),
      });
    } finally {
      progress.stop();
      await place.close();
    }
  });
  if (format === 'json') return print(json({ views: rebuilt }));
  await print(
    rebuilt
      .map(
        ({ view, position, parked }) =>
          `${view}: rebuilt to position ${position}, ${parked} parked\n`,
      )
      .join(''),
  );
}

async function openPlace(stores: Stores, views: readonly View[]): Promise<RebuildPlace> {
  try {
    return await stores.rebuildPlace(projectionTables(views));
  } catch (error) {
    if (error instanceof RebuildRunning) throw new Failed(error.message, { cause: error });
    throw error;
  }
}

async function listAllParked({ format }: Printed): Promise<void> {
  const parked = await withStore('read', async ({ views, store }) => {
    const found = [];
    for (const { name } of views) found.push(...(await listParked(store, name)));
    return found;
  });
  await print(format === 'json' ? json({ parked }) : parkedText(parked));
}

async function retryAll({ format }: Printed): Promise<void> {
  const { resolved, still } = await withStore('write', async ({ views, log, store }) => {
    let count = 0;
    const waiting: ParkedEvent[] = [];
    for (const view of views) {
      const retried = await retryParked({ log, store, view });
      count += retried.resolved;
      waiting.push(...retried.still);
    }
    return { resolved: count, still: waiting };
  });
  const text = `${resolved} handled, ${still.length} still parked\n`;
  await print(format === 'json' ? json({ resolved, still }) : `${text}${parkedText(still)}`);
  if (still.length > 0) throw new Failed(`${still.length} events are still parked`);
}

function parkedText(parked: readonly ParkedEvent[]): string {
  return parked
    .map(({ view, position, stream, revision, reason }) => {
      return `${view}: position ${position}, ${stream} revision ${revision}: ${reason}\n`;
    })
    .join('');
}
