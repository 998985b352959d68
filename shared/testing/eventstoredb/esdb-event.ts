/** An event as a client sends it; `metadata` may be empty. */
export type ProposedEvent = Readonly<{
  id: string;
  type: string;
  contentType: string;
  data: Uint8Array;
  metadata: Uint8Array;
}>;

/** An event as the log keeps it. */
export type StoredEvent = ProposedEvent &
  Readonly<{
    stream: string;
    revision: bigint;
    position: bigint;
    /** 100-nanosecond ticks since 1970. */
    created: bigint;
  }>;
