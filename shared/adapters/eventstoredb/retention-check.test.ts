import { expect } from 'chai';
import { describe, it } from 'mocha';
import { appended, event, newStream } from '../../testing/event-samples.js';
import { withParts } from '../../testing/eventstoredb/with-parts.js';
import { withStore } from '../../testing/eventstoredb/with-store.js';
import { checkRetention } from './retention-check.js';
import { metadataIn } from './retention.js';

describe('the check that nothing may be forgotten', () => {
  const { server, store, open } = withStore();

  async function record(): Promise<bigint> {
    return appended(await store().append(newStream(), 'no-stream', [event()])).position;
  }

  it('keeps how far it went at every start', async () => {
    for (const revision of [0n, 1n, 2n]) {
      const head = await record();
      await open();
      await withParts(server().url, async ({ reads }) => {
        const last = await reads.lastOf('$$sagae-checks');
        expect(last).to.include({ revision });
        const kept = last === undefined ? undefined : metadataIn(last);
        expect(kept).to.eql({ retentionCheckedTo: head.toString() });
      });
    }
  });

  it('does without keeping it', async () => {
    await record();
    await withParts(server().url, async ({ reads }) => {
      const append = () => Promise.reject(new Error('no node was found'));
      await checkRetention(reads, { append });
    });
  });
});
