import type { Table } from '../shared/ports/view-store.js';
import { settingsOf, type ProjectionOptions } from './config.js';
import { lastEventTable } from '../shared/views/last-event.js';
import { parkedTable } from './parked.js';
import { Runner, type ProjectionHealth, type ViewLag } from './runner.js';
import type { View } from './view.js';

/** A projection at work. */
export interface Projection {
  /** Finishes the batch in hand, then ends. Closes neither the log nor the view store. */
  stop(): Promise<void>;
  health(): ProjectionHealth;
  /** @throws what the log throws */
  lag(): Promise<readonly ViewLag[]>;
}

/** Every table that projecting these views writes: what the view store is to be opened with. */
export function projectionTables(views: readonly View[]): readonly Table[] {
  return [...views.flatMap(({ tables }) => tables), parkedTable, lastEventTable];
}

/** Starts projecting, from where each view was. Faults of the stores are waited out, for ever. */
export function startProjection(options: ProjectionOptions): Projection {
  const runner = new Runner(settingsOf(options));
  runner.start();
  return runner;
}
