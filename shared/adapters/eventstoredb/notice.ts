/** What happened beside what was asked for, for the log of the process. */
export type EventStoreDbNotice =
  /** The live feed ended; it is taken up again from where it was. */
  | Readonly<{ kind: 'feed-lost'; reason: string }>
  | Readonly<{ kind: 'feed-back'; position: bigint }>
  /** It is looked up what became of an append. */
  | Readonly<{ kind: 'outcome-unknown'; stream: string; attempt: number; reason: string }>
  /** The ids of an append are those of another one: the events of that one stay. */
  | Readonly<{ kind: 'other-content-under-known-id'; stream: string; revision: bigint }>
  /** Events carry the time of those before them until the server's clock has caught up. */
  | Readonly<{ kind: 'clock-set-back'; position: bigint; byMs: number }>
  /** Somebody let the server forget events of this stream. */
  | Readonly<{ kind: 'stream-truncated'; stream: string; setting: string }>;

export type OnNotice = (notice: EventStoreDbNotice) => void;
