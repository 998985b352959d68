import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import {
  ended,
  giveBack,
  paid,
  pay,
  Shop,
  take,
  type PaymentProcess,
} from '../testing/open-test-payments.js';
import { BY_TEST } from '../testing/processes.js';
import type { PaymentAnswer } from './payments.js';
import type { OpenPayments } from './running-payments.js';

type Send = (payments: OpenPayments) => Promise<PaymentAnswer>;

/** What is asked, on a payment that was made before, with what it was made. */
const COMMANDS: Readonly<Record<string, (process: PaymentProcess) => Promise<Send>>> = {
  authorise: async () => {
    const command = pay();
    return (payments) => payments.authorize(command, BY_TEST);
  },
  'authorise and capture': async () => {
    const command = pay({ capture: 'auto' });
    return (payments) => payments.authorize(command, BY_TEST);
  },
  capture: async (process) => {
    const command = take(await paid(process), 20_000n);
    return (payments) => payments.capture(command, BY_TEST);
  },
  void: async (process) => {
    const command = take(await paid(process));
    return (payments) => payments.void(command, BY_TEST);
  },
  refund: async (process) => {
    const command = giveBack(await paid(process, { capture: 'auto' }), 20_000n);
    return (payments) => payments.refund(command, BY_TEST);
  },
};

/** Where it goes wrong: in an append, before or after that is carried out, or in the call. */
type Point = Readonly<{ append: number; when: 'before' | 'after' }> | 'call lost' | 'call made';

const POINTS: readonly Point[] = [
  ...[1, 2, 3].flatMap((append) =>
    (['before', 'after'] as const).map((when) => ({ append, when })),
  ),
  'call lost',
  'call made',
];

/** Makes the next command go wrong at a point. `crash`: the process is gone; else only that fails. */
function breakAt(shop: Shop, point: Point, crash: () => void): void {
  const { store, gateway } = shop;
  if (typeof point === 'string') {
    gateway.onCall = crash;
    gateway.fate = () => (point === 'call lost' ? { does: 'lost', says: 'reset' } : {});
    return;
  }
  let appends = 0;
  const hook = () => {
    appends += 1;
    if (appends !== point.append) return;
    crash();
    throw new StoreUnavailable('no answer');
  };
  if (point.when === 'before') store.beforeAppend = hook;
  else store.afterAppend = hook;
}

function mend({ store, gateway }: Shop): void {
  store.beforeAppend = undefined;
  store.afterAppend = undefined;
  gateway.onCall = undefined;
  gateway.fate = () => ({});
}

function nameOf(point: Point): string {
  return typeof point === 'string' ? point : `${point.when} append ${point.append}`;
}

describe('a process that dies', () => {
  for (const [name, prepare] of Object.entries(COMMANDS)) {
    for (const point of POINTS) {
      for (const retry of ['at once', 'when all is quiet'] as const) {
        it(`${nameOf(point)} of "${name}" loses and doubles nothing, asked again ${retry}`, async () => {
          const shop = new Shop();
          const first = await shop.open();
          const send = await prepare(first);
          breakAt(shop, point, first.kill);
          void send(first.payments);
          await shop.time.settle();
          mend(shop);
          const next = await shop.open();
          if (retry === 'at once') {
            const answer = await send(next.payments);
            expect(ended(answer)).to.match(/^(replayed )?done$|^REQUEST_IN_PROGRESS$/);
          }
          await shop.untilQuiet(next);
          const audit = shop.settled();
          expect(audit.payments).to.have.length.at.most(1);
          const [before] = audit.payments;
          const final = await send(next.payments);
          expect(ended(final)).to.match(/^(replayed )?(done|[A-Z]+_DECLINED)$/);
          shop.settled();
          if (before !== undefined && 'payment' in final) {
            expect(final.payment?.id).to.equal(before.id);
          }
          const references = shop.gateway.calls.map(({ reference }) => reference);
          expect(references).to.have.length(new Set(references).size);
          await shop.close();
        });
      }
    }
  }
});

describe('a log that fails once', () => {
  for (const [name, prepare] of Object.entries(COMMANDS)) {
    for (const point of POINTS.filter((each) => typeof each !== 'string')) {
      it(`${nameOf(point)} of "${name}" loses and doubles nothing`, async () => {
        const shop = new Shop();
        const process = await shop.open();
        const send = await prepare(process);
        breakAt(shop, point, () => undefined);
        await send(process.payments).catch((error: unknown) => {
          expect(error).to.be.instanceOf(StoreUnavailable);
        });
        await shop.time.settle();
        mend(shop);
        await shop.untilQuiet(process);
        shop.settled();
        expect(ended(await send(process.payments))).to.match(
          /^(replayed )?(done|[A-Z]+_DECLINED)$/,
        );
        shop.settled();
        await shop.close();
      });
    }
  }
});
