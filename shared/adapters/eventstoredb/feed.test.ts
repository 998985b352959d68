import { expect } from 'chai';
import { describe, it } from 'mocha';
import { withParts } from '../../testing/eventstoredb/with-parts.js';
import { event, positionOf, withServer } from '../../testing/eventstoredb/with-server.js';
import { Feed } from './feed.js';

/** Whether it is still one is not asked in these tests. */
const NO_PROBE_MS = 60_000;

describe('the live feed of EventStoreDB', () => {
  const { server, client } = withServer();

  it('is given time to begin anew, however many wait for it', async () => {
    await withParts(server().url, async (parts) => {
      const feed = new Feed({ ...parts, onNotice: () => undefined, probeMs: NO_PROBE_MS });
      await feed.begin();
      const { met } = server().misbehave({ on: 'subscription', kind: 'no-answer' });
      // From then on every new call needs a while to come to its first event.
      server().misbehave({ on: 'subscription', kind: 'slow', ms: 60, times: Infinity });
      server().dropSubscriptions('unavailable');
      await met;
      const position = positionOf(await client().appendToStream('s', event()));
      // There is always one who waits no longer.
      const lanes = Array.from({ length: 50 }, async (_, lane) => {
        while (!(await feed.reached(position, 300 + 5 * lane)));
      });
      await Promise.all(lanes);
      expect(feed.after(0n, 10)).to.have.length(1);
      await feed.close();
    });
  });
});
