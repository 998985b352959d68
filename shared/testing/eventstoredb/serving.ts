import type { EsdbLog } from './esdb-log.js';
import type { Misbehaviours } from './misbehaviour.js';
import type { Subscription } from './subscription.js';

/** What every call is served with. */
export type Serving = Readonly<{
  log: EsdbLog;
  misbehaviours: Misbehaviours;
  /** Those that are open now. */
  subscriptions: Set<Subscription>;
  /** Events a live subscriber may be behind before it is dropped. */
  liveBuffer: number;
  /** Resets the connection of a client, named as the call names its peer. */
  resetPeer(peer: string): void;
}>;
