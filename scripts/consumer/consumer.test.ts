import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { messagesOf } from '../../projection-service/relay/envelope.js';
import { DEAD_LETTERS } from '../../projection-service/relay/topics.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { BusMessage } from '../../shared/ports/event-bus.js';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { FaultyViewStore } from '../../shared/testing/faulty-view-store.js';
import { MemoryEventBus } from '../../shared/testing/memory-event-bus.js';
import { Notices } from '../../shared/testing/notices.js';
import { PaymentHistory } from '../../shared/testing/payment-history.js';
import { runConsumer, type ConsumerNotice } from './consumer.js';
import { buryMessage } from './dead-letter.js';
import { onceTables } from './once.js';
import { requeue } from './requeue.js';
import { allTakings, takings, TAKINGS_TOPICS } from './takings.js';

const GROUP = 'takings';

describe('the sample consumer', () => {
  let folder: string;
  let bus: MemoryEventBus;
  let store: FaultyViewStore;
  let notices: Notices<ConsumerNotice>;
  let pauses: number[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-consumer-'));
    bus = new MemoryEventBus();
    store = new FaultyViewStore(openViewStore({ folder, tables: onceTables(takings) }));
    notices = new Notices();
    pauses = [];
  });
  afterEach(async () => {
    await bus.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  async function consumeUntil(holds: () => boolean): Promise<void> {
    const ending = new AbortController();
    const pause = (ms: number): Promise<void> => {
      pauses.push(ms);
      return Promise.resolve();
    };
    const { push: onNotice } = notices;
    const options = { bus, topics: TAKINGS_TOPICS, group: GROUP, store, effect: takings };
    const consuming = runConsumer({ ...options, onNotice, pause }, ending.signal);
    await notices.until(holds);
    ending.abort();
    await consuming;
  }

  function seen(): number {
    return notices.all.reduce(
      (sum, notice) => (notice.kind === 'handled' ? sum + notice.fresh + notice.repeated : sum),
      0,
    );
  }

  it('lets every event count once, however often it comes', async () => {
    const messages = [1, 2, 3].flatMap(messagesOfPayment);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: messages.length - 1 })), async (repeats) => {
        const again = repeats.flatMap((index) => messages[index] ?? []);
        const before = bus.published.length;
        await bus.publish([...messages, ...again]);
        const relevant = bus.published.filter(({ topic }) => TAKINGS_TOPICS.includes(topic));
        expect(bus.published.length).to.be.greaterThan(before);
        await consumeUntil(() => seen() >= relevant.length);
        expect(await allTakings(store)).to.deep.equal([
          { currency: 'KRW', captured: 90_000n, captures: 3n, refunded: 30_000n, refunds: 3n },
        ]);
      }),
      { numRuns: 10 },
    );
  });

  it('lets it count once too where storing failed, before or after it was stored', async () => {
    await bus.publish(messagesOfPayment(1));
    store.failAfterNext(new StoreUnavailable('the answer was lost'));
    await consumeUntil(() => notices.all.some(({ kind }) => kind === 'handled'));
    expect(notices.all.some(({ kind }) => kind === 'fault')).to.equal(true);
    expect((await allTakings(store))[0]).to.include({ captured: 30_000n, captures: 1n });
  });

  it('tries five times, ever more slowly, then buries the message and goes on', async () => {
    const poison = { topic: 'payment.captured', key: 'k', value: '{"odd":1}', headers: { a: 'b' } };
    await bus.publish([poison, ...messagesOfPayment(1)]);
    await consumeUntil(() => seen() >= 2);
    expect(pauses).to.deep.equal([500, 1_000, 2_000, 4_000]);
    expect(notices.all.filter(({ kind }) => kind === 'failed')).to.have.length(5);
    expect((await allTakings(store))[0]).to.include({ captured: 30_000n, refunded: 10_000n });
    const letters = bus.published.filter(({ topic }) => topic === DEAD_LETTERS);
    expect(letters.map(({ headers }) => headers)).to.deep.equal([{ group: GROUP }]);
    expect(JSON.parse(letters[0]?.value ?? '')).to.deep.include({ ...poison, attempts: 5 });
  });

  it('handles a buried message when it is sent again', async () => {
    const [captured] = messagesOfPayment(1).filter(({ topic }) => topic === 'payment.captured');
    if (captured === undefined) throw new Error('nothing was captured');
    let isBroken = true;
    const broken = { ...takings, apply: brokenWhile(() => isBroken) };
    await bus.publish([captured]);
    const ending = new AbortController();
    const options = { bus, topics: TAKINGS_TOPICS, group: GROUP, store, effect: broken };
    const consuming = runConsumer(
      { ...options, onNotice: notices.push, pause: () => Promise.resolve() },
      ending.signal,
    );
    await notices.has(({ kind }) => kind === 'buried');
    isBroken = false;
    const enough = new AbortController();
    const requeued = await requeue(bus, GROUP, enough.signal, () => {
      enough.abort();
    });
    expect(requeued).to.deep.equal({ sent: 1, lost: [] });
    await notices.has(({ kind }) => kind === 'handled');
    ending.abort();
    await consuming;
    expect((await allTakings(store))[0]).to.include({ captured: 30_000n, captures: 1n });
  });

  it('says of a message that its topic does not take again where it lies', async () => {
    const [captured] = messagesOfPayment(1).filter(({ topic }) => topic === 'payment.captured');
    if (captured === undefined) throw new Error('nothing was captured');
    let takesIt = true;
    const strict = new MemoryEventBus({
      refuse: ({ topic }) => (takesIt || topic === DEAD_LETTERS ? undefined : 'not any more'),
    });
    const failure = { group: GROUP, reason: 'odd', attempts: 5 };
    await buryMessage(strict, { ...captured, place: 'payment.captured@7' }, failure);
    takesIt = false;
    const enough = new AbortController();
    const requeued = await requeue(strict, GROUP, enough.signal, () => {
      enough.abort();
    });
    expect(requeued).to.deep.equal({ sent: 0, lost: ['payment.captured@7'] });
    await strict.close();
  });

  it('says of a message too large to be kept where it lies', async () => {
    const small = new MemoryEventBus({ maxLength: 900 });
    const value = JSON.stringify({ odd: 'x'.repeat(800) });
    await small.publish([{ topic: 'payment.captured', key: 'k', value, headers: {} }]);
    const ending = new AbortController();
    const options = { bus: small, topics: TAKINGS_TOPICS, group: GROUP, store, effect: takings };
    const consuming = runConsumer(
      { ...options, onNotice: notices.push, pause: () => Promise.resolve() },
      ending.signal,
    );
    await notices.has(({ kind }) => kind === 'buried');
    ending.abort();
    await consuming;
    const enough = new AbortController();
    const requeued = await requeue(small, GROUP, enough.signal, () => {
      enough.abort();
    });
    expect(requeued).to.deep.equal({ sent: 0, lost: ['payment.captured@0'] });
    await small.close();
  });
});

/** What the relay publishes of a payment: 30,000 captured, 10,000 refunded. */
function messagesOfPayment(number: number): readonly BusMessage[] {
  return new PaymentHistory({ number })
    .start('attempt')
    .done()
    .start('capture', 30_000n)
    .done()
    .start('refund', 10_000n)
    .done()
    .decoded.flatMap(messagesOf);
}

function brokenWhile(isBroken: () => boolean): typeof takings.apply {
  return (events, rows) => {
    if (isBroken()) throw new Error('broken');
    return takings.apply(events, rows);
  };
}
