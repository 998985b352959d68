import { describe, it } from 'mocha';
import type { LedgerEvent } from '../../shared/events/event.js';
import { specification } from '../../shared/testing/specification.js';
import { entryDecider, type Requested } from './entry.js';

const CLAIM: LedgerEvent = {
  type: 'EntryClaimed',
  data: { id: 'e1', stream: 'account-a', afterRevision: 3n },
};
const by = (commandId: string, fingerprint: string) => ({
  event: CLAIM,
  metadata: { commandId, fingerprint } satisfies Requested,
});
const request = (commandId: string, fingerprint: string, reverses?: string) => ({
  event: CLAIM,
  request: {
    id: 'e1',
    commandId,
    fingerprint,
    ...(reverses === undefined ? {} : { reverses }),
  },
});

describe('entry decider', () => {
  const entry = specification(entryDecider, undefined);

  it('opens a stream once', () => {
    entry.given().when(request('e1', 'same')).then(CLAIM);
  });

  it('knows a request again, and tells another one with the same key', () => {
    entry.given(by('e1', 'same')).when(request('e1', 'same')).thenRepeated();
    entry.given(by('e1', 'same')).when(request('e1', 'new')).thenRefused('IDEMPOTENCY_KEY_REUSED');
  });

  it('lets a claim for a reversal go on: the entry itself decides', () => {
    entry
      .given(by('c1', 'same'))
      .when(request('c2', 'other', 'e0'))
      .thenRepeated();
  });
});
