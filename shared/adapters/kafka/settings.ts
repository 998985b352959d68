import type { OnNotice } from './notice.js';

export type KafkaLogin = Readonly<{
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}>;

export type KafkaBusOptions = Readonly<{
  /** `host:port` of some brokers of the cluster; they name the others. */
  brokers: readonly string[];
  /** What the brokers know us by in their logs and quotas. */
  clientId: string;
  tls?: boolean;
  sasl?: KafkaLogin;
  /** Topics that are made where they are not there. */
  topics?: readonly string[];
  /** Partitions of a topic that is made. Changing them later breaks the order of keys. Default 6. */
  partitions?: number;
  /** Copies of a topic that is made. Default: one on each broker, but not more than 3. */
  replication?: number;
  /** Milliseconds a broker has for an answer, before it is given up. Default 4,000. */
  answerMs?: number;
  /** Told of everything that happens. Must not throw. */
  onNotice?: OnNotice;
}>;

export type KafkaSettings = Omit<Required<KafkaBusOptions>, 'sasl' | 'replication'> &
  Pick<KafkaBusOptions, 'sasl' | 'replication'>;

/** Fills in the defaults. */
export function settingsOf(options: KafkaBusOptions): KafkaSettings {
  return {
    tls: false,
    topics: [],
    partitions: 6,
    answerMs: 4_000,
    onNotice: () => undefined,
    ...options,
  };
}
