import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Metrics, metricsText } from '../../shared/http/metrics.js';
import type { Standing } from '../member.js';
import type { ProjectionHealth } from '../runner.js';
import { relayFigures, relayStates } from './http.js';
import type { Relay } from './relay.js';

describe('what the relay tells of itself', () => {
  it('is its lag, what it parked and what it published', async () => {
    const metrics = new Metrics('projection');
    const { onPublished, measure } = relayFigures(metrics);
    onPublished('payment.captured', 3);
    onPublished('ledger.entry.v1', 4);
    await measure(relay({ kind: 'running' }));
    const text = await metricsText([await metrics.snapshot()]);
    expect(text).to.match(/^sagae_relay_published_total\{.*\} 7$/m);
    expect(text).to.match(/^sagae_relay_lag_seconds\{.*\} 1.5$/m);
    expect(text).to.match(/^sagae_relay_lag_positions\{.*\} 90$/m);
    expect(text).to.match(/^sagae_relay_parked_events\{.*\} 2$/m);
  });

  it('is whether it can do its work', () => {
    expect(relayStates(health({ kind: 'running' }))).to.deep.equal([{ part: 'relay' }]);
    const away = { kind: 'waiting', due: 0, reason: 'no broker' } as const;
    expect(relayStates(health(away))).to.deep.equal([{ part: 'relay', problem: 'no broker' }]);
  });
});

function health(standing: Standing): ProjectionHealth {
  return { ok: true, log: null, views: [{ view: 'relay', standing, checkpoint: 7n, parked: 2 }] };
}

function relay(standing: Standing): Relay {
  return {
    stop: () => Promise.resolve(),
    health: () => health(standing),
    lag: () => Promise.resolve([{ view: 'relay', checkpoint: 10n, behind: 90n, ms: 1_500 }]),
  };
}
