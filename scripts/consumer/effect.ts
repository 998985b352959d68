import type { Table, ViewBatch, ViewReader } from '../../shared/ports/view-store.js';
import type { Envelope } from './envelope.js';

/** What a consumer does with events: rows, so that it can be stored together with their ids. */
export type Effect = Readonly<{
  tables: readonly Table[];
  /** The rows after these events, none of which it has seen. @throws when one cannot be handled */
  apply: (events: readonly Envelope[], rows: ViewReader) => Promise<ViewBatch['puts']>;
}>;
