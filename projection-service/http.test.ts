import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Metrics, metricsText } from '../shared/http/metrics.js';
import { lagGauges } from './http.js';

describe('figures of the projection', () => {
  it('are how far behind each view is, and what it parked', async () => {
    const metrics = new Metrics('projection');
    const measure = lagGauges(metrics);
    measure([
      { view: 'journal', checkpoint: 100n, behind: 0n, ms: 0, parked: 0 },
      { view: 'relay', checkpoint: 10n, behind: 90n, ms: 1_500, parked: 2 },
    ]);
    const text = await metricsText([await metrics.snapshot()]);
    expect(text).to.match(/^sagae_projection_lag_seconds\{view="relay",.*\} 1.5$/m);
    expect(text).to.match(/^sagae_projection_lag_positions\{view="relay",.*\} 90$/m);
    expect(text).to.match(/^sagae_projection_parked_events\{view="relay",.*\} 2$/m);
    expect(text).to.match(/^sagae_projection_parked_events\{view="journal",.*\} 0$/m);
  });
});
