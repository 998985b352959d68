import type { Table, ViewStore } from './view-store.js';

/** A second place for views, beside the live one, in which they are built anew. */
export interface RebuildPlace extends ViewStore {
  /**
   * Puts what was built here in place of what is live: tables, checkpoints and the rows of shared
   * tables, all at once. Where the live checkpoint of a view is above the one built here nothing
   * happens and the answer is `behind`: build on, and ask again; but not with
   * `whateverIsLive`, for views that are not of this log. Whoever folds the live views is
   * fenced by it.
   */
  switchOver(
    views: readonly SwitchedView[],
    shared: readonly SharedRows[],
    whateverIsLive?: boolean,
  ): Promise<Switched>;
}

export type SwitchedView = Readonly<{ name: string; tables: readonly Table[] }>;

/** A table of several views: only the rows with a view's name in `column` are replaced. */
export type SharedRows = Readonly<{ table: Table; column: string }>;

export type Switched =
  Readonly<{ kind: 'switched' }> | Readonly<{ kind: 'behind'; view: string; live: bigint }>;

/** Another process is rebuilding: one at a time. */
export class RebuildRunning extends Error {
  override readonly name = 'RebuildRunning';
}
