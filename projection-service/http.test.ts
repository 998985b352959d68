import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Metrics, metricsText } from '../shared/http/metrics.js';
import { StoreUnavailable } from '../shared/ports/event-store.js';
import { lagGauges } from './http.js';

describe('figures of the projection', () => {
  it('are how far behind each view is, and what it parked', async () => {
    const metrics = new Metrics('projection');
    const measure = lagGauges(metrics);
    await measure(() =>
      Promise.resolve([
        { view: 'journal', checkpoint: 100n, behind: 0n, ms: 0, parked: 0 },
        { view: 'relay', checkpoint: 10n, behind: 90n, ms: 1_500, parked: 2 },
      ]),
    );
    const text = await metricsText([await metrics.snapshot()]);
    expect(text).to.match(/^sagae_projection_lag_seconds\{view="relay",.*\} 1.5$/m);
    expect(text).to.match(/^sagae_projection_lag_positions\{view="relay",.*\} 90$/m);
    expect(text).to.match(/^sagae_projection_parked_events\{view="relay",.*\} 2$/m);
    expect(text).to.match(/^sagae_projection_parked_events\{view="journal",.*\} 0$/m);
  });

  it('are left out while the log cannot be read, and the others are there', async () => {
    const metrics = new Metrics('projection');
    const measure = lagGauges(metrics);
    const lag = { view: 'journal', checkpoint: 100n, behind: 0n, ms: 0, parked: 0 };
    await measure(() => Promise.resolve([lag]));
    await measure(() => Promise.reject(new StoreUnavailable('away')));
    const text = await metricsText([await metrics.snapshot()]);
    expect(text).to.contain('process_').and.not.contain('view="journal"');
  });
});
