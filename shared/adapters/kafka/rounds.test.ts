import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { rounds, type Queued } from './rounds.js';

const BATCH = 1_000;
const ROUND = 3_000;
const LIMITS = { batch: BATCH, round: ROUND };

describe('rounds of messages', () => {
  it('hold everything once, each partition in order, in no more than a batch', () => {
    fc.assert(
      fc.property(anyMessages, (messages) => {
        const cut = [...rounds(messages, () => LIMITS)];
        for (let partition = 0; partition < 4; partition++) {
          const sent = cut.flat().filter((message) => message.partition === partition);
          expect(sent).to.deep.equal(messages.filter((each) => each.partition === partition));
        }
        expect(cut.flat()).to.have.length(messages.length);
        for (const round of cut) expectFits(round);
      }),
    );
  });

  it('are few: what fits together goes together', () => {
    const messages = Array.from({ length: 40 }, (_, index) => queued(index, index % 4, 20));
    expect([...rounds(messages, () => LIMITS)]).to.have.length(1);
  });

  it('take smaller batches from when these are wanted', () => {
    let bytes = 1_000;
    const messages = Array.from({ length: 20 }, (_, index) => queued(index, 0, 52));
    const sizes: number[] = [];
    for (const round of rounds(messages, () => ({ batch: bytes, round: ROUND }))) {
      sizes.push(round.length);
      bytes = 300;
    }
    expect(sizes).to.deep.equal([9, 2, 2, 2, 2, 2, 1]);
  });
});

function queued(index: number, partition: number, bytes: number): Queued {
  const message = { topic: 'any', key: 'k', value: 'v', headers: {} };
  return { message, index, partition, bytes };
}

const anyMessages = fc
  .array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 * BATCH })), { maxLength: 60 })
  .map((drawn) => drawn.map(([partition, bytes], index) => queued(index, partition, bytes)));

function expectFits(round: readonly Queued[]): void {
  const all = round.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(round.length === 1 || all <= ROUND).to.equal(true);
  for (let partition = 0; partition < 4; partition++) {
    const batch = round.filter((message) => message.partition === partition);
    const bytes = batch.reduce((sum, message) => sum + message.bytes, 0);
    expect(batch.length <= 1 || bytes <= BATCH).to.equal(true);
  }
}
