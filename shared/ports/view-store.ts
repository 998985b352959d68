/**
 * Where read models live. A view is a set of declared tables and a checkpoint: the position of the
 * last event it has handled. Everything in it can be deleted and rebuilt from the log.
 */
export interface ViewStore extends ViewReader {
  /**
   * Writes the changes of one batch and moves the checkpoint, together. `after` is the checkpoint
   * the changes were made from; when the stored one is another, nothing is written and the answer
   * is `fenced`: another runner has been here.
   * @throws {StorageFull} nothing was written
   */
  commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'>;

  close(): Promise<void>;
}

export interface ViewReader {
  /** Position of the last event handled; 0 for a view that has seen none. */
  checkpoint(view: string): Promise<bigint>;

  /** The row with this key. */
  get(table: Table, key: readonly Value[]): Promise<Row | undefined>;

  /** Rows of an index range, in index order. */
  scan(table: Table, range: Range): Promise<readonly Row[]>;

  /**
   * For each prefix the last row of the index whose next column is not above `upTo`: one seek each.
   * The answer has one place per prefix, undefined where there is no such row.
   */
  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]>;

  /**
   * Runs reads that must agree with each other: on one snapshot where the store has snapshots.
   * Where it has none, callers stay correct by ignoring rows above the checkpoint they read first.
   */
  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T>;
}

/**
 * `int` fits an int64; `sum` is an integer of any size (a running total can exceed an int64 though
 * no amount does); `text` is ordered by its UTF-8 bytes; `blob` is bytes.
 */
export type ColumnType = 'int' | 'sum' | 'text' | 'blob';

/** A row: one value per column, in the order the table declares them. */
export type Value = bigint | string | Uint8Array | null;
export type Row = readonly Value[];

export type Table = Readonly<{
  /** Unique among all views; carries its version, like `legs_v1`. */
  name: string;
  columns: readonly (readonly [name: string, type: ColumnType])[];
  /** Columns of the primary key, also the index named `key`. */
  key: readonly string[];
  /** Further indexes by name; each can be scanned by any prefix of its columns. */
  indexes: Readonly<Record<string, readonly string[]>>;
}>;

export type Range = Readonly<{
  /** `key` or the name of a declared index. */
  index: string;
  /** Exact values of the first columns of the index. */
  prefix: readonly Value[];
  /** Bounds on the columns that follow the prefix, compared as tuples; both included. */
  from?: readonly Value[];
  to?: readonly Value[];
  reverse?: boolean;
  limit: number;
}>;

/** Puts replace the row with the same key. */
export type ViewBatch = Readonly<{
  after: bigint;
  upTo: bigint;
  puts: readonly Readonly<{ table: Table; rows: readonly Row[] }>[];
}>;
