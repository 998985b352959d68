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

/** A notice as a line of a log. */
export type LogLine = Readonly<{
  level: 'debug' | 'info' | 'warn';
  about: Readonly<Record<string, unknown>>;
  message: string;
}>;

/** What the log of a process says of a notice. */
export function logLineOf(notice: KafkaNotice): LogLine {
  switch (notice.kind) {
    case 'connected': {
      const { brokers, created } = notice;
      return { level: 'info', about: { brokers, created }, message: 'connected to Kafka' };
    }
    case 'connection-lost': {
      const { reason } = notice;
      return { level: 'warn', about: { reason }, message: 'the connection to Kafka was given up' };
    }
    case 'consumer-lost': {
      const { group, reason, retryInMs } = notice;
      return { level: 'warn', about: { group, reason, retryInMs }, message: 'consuming broke off' };
    }
    case 'consumer-joined':
      return { level: 'info', about: { group: notice.group }, message: 'consuming' };
    case 'client':
      // What matters of it comes as an error of a call too; during an outage it repeats itself.
      return { level: 'debug', about: { clientLevel: notice.level }, message: notice.text };
  }
}
