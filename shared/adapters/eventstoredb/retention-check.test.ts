import { describe, it } from 'mocha';
import { event, newStream } from '../../testing/event-samples.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';
import { withParts } from '../../testing/eventstoredb/with-parts.js';
import { checkRetention } from './retention-check.js';

describe('the check that nothing may be forgotten', () => {
  const { server, store } = withStore();

  it('does without keeping how far it went', async () => {
    await store().append(newStream(), 'no-stream', [event()]);
    await withParts(server().url, async ({ reads }) => {
      const append = () => Promise.reject(new Error('no node was found'));
      await checkRetention(reads, { append });
    });
  });
});
