import type { Metrics } from '../../shared/http/metrics.js';
import type { PartState } from '../../shared/http/operations.js';
import { healthStates } from '../http.js';
import type { ProjectionHealth, ViewLag } from '../runner.js';
import { RELAY } from './relay-view.js';
import type { Relay } from './relay.js';

/** Figures of the relay. */
export type RelayFigures = Readonly<{
  /** For the relay to tell; see `startRelay`. */
  onPublished: (topic: string, messages: number) => void;
  /** Looks at the relay; call it before the figures are read. @throws what the log throws */
  measure: (relay: Relay) => Promise<void>;
}>;

/** Whether the relay can read the log and reach the brokers, and has not stopped. */
export function relayStates(health: ProjectionHealth): readonly PartState[] {
  return healthStates(health)
    .filter(({ part }) => part !== 'log')
    .map((state) => ({ ...state, part: RELAY }));
}

/** Declares the relay's figures. */
export function relayFigures(metrics: Metrics): RelayFigures {
  let lag: ViewLag | undefined;
  let parked = 0;
  const gauge = (name: string, help: string, read: () => number) => {
    metrics.gauge(name, help, 'view', () => new Map(lag === undefined ? [] : [[RELAY, read()]]));
  };
  gauge(
    'sagae_relay_lag_seconds',
    'How long the oldest event that was not published has been there.',
    () => (lag?.ms ?? 0) / 1_000,
  );
  gauge('sagae_relay_lag_positions', 'Head of the log less checkpoint of the relay.', () =>
    Number(lag?.behind ?? 0n),
  );
  gauge('sagae_relay_parked_events', 'Events that could not be published.', () => parked);
  const count = metrics.counter('sagae_relay_published_total', 'Messages the brokers have taken.');
  return {
    onPublished: (_topic, messages) => {
      count(messages);
    },
    measure: async (relay) => {
      [lag] = await relay.lag();
      parked = relay.health().views[0]?.parked ?? 0;
    },
  };
}
