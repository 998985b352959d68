/* What the document `state` says; see view-state.ts. */

/** Numbers of commits, both ends included. */
export type CommitRange = Readonly<{ from: bigint; to: bigint }>;

/** How one view stands. */
export type ViewEntry = Readonly<{
  /** Number of the set of collections its rows are in; a rebuilt view has another. */
  generation: bigint;
  /** Position of the last event handled. */
  position: bigint;
  /** Number of the last commit begun; the rows it writes carry it. */
  attempt: bigint;
  /** Number of the last commit that was completed. */
  committed: bigint;
  /** The commit that is being written; only `owner` may complete it. */
  pending: bigint | null;
  owner: string;
  /** Commits that were begun and will never be completed, ascending. Their rows do not count. */
  deadRanges: readonly CommitRange[];
  /** Rows replaced by commits up to this one may be gone. */
  pruned: bigint;
  /** What each of its tables was declared as. */
  tables: Readonly<Record<string, string>>;
}>;

/** Collections nobody begins to use any more. */
export type Retired = Readonly<{
  generation: bigint;
  collections: readonly string[];
  /** As of the view, when it was retired. */
  pruned: bigint;
}>;

export type StateDocument = Readonly<{
  _id: string;
  views?: Readonly<Record<string, ViewEntry>>;
  retired?: readonly Retired[];
  /** Retired ones that are being dropped. */
  dropping?: readonly Retired[];
  /** Of the document `live`: who may put rebuilt views in place of the live ones. */
  builder?: string;
  /** Who rebuilds, and when it last said so by the server's clock. */
  owner?: string | null;
  beat?: Date | null;
  /** Of the document `numbers`. */
  generations?: bigint;
}>;
