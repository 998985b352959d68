/** What happened beside what was asked for, for the log of the process. */
export type KafkaNotice =
  | Readonly<{ kind: 'connected'; brokers: number; created: readonly string[] }>
  /** The connection was given up; the next call makes a new one. */
  | Readonly<{ kind: 'connection-lost'; reason: string }>
  /** Consuming broke off; it is taken up again after `retryInMs`. */
  | Readonly<{ kind: 'consumer-lost'; group: string; reason: string; retryInMs: number }>
  | Readonly<{ kind: 'consumer-joined'; group: string }>
  /** A line of the client's own log. */
  | Readonly<{ kind: 'client'; level: 'error' | 'warn'; text: string }>;

export type OnNotice = (notice: KafkaNotice) => void;
