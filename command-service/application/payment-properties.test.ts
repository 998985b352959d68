import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { StoreUnavailable } from '../../shared/ports/event-store.js';
import { Gate, type Fate, type InquiryFate } from '../testing/fake-gateway.js';
import {
  ended,
  giveBack,
  pay,
  Shop,
  take,
  type PaymentProcess,
} from '../testing/open-test-payments.js';
import { BY_TEST } from '../testing/processes.js';
import type { PaymentAnswer } from './payments.js';
import type { OpenPayments } from './running-payments.js';

const PROCESSES = 2;

type Step = Readonly<{
  kind: 'pay' | 'capture' | 'void' | 'refund' | 'again' | 'inquire' | 'round' | 'kill';
  process: number;
  /** Of an earlier command or payment. */
  earlier: number;
  order: number;
  amount: number;
  auto: boolean;
  /** How long to wait before it, in ms; undefined: it goes on beside what is running. */
  wait: number | undefined;
}>;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    ...(['pay', 'pay', 'pay', 'capture', 'capture', 'capture', 'void'] as const),
    ...(['refund', 'refund', 'refund', 'again', 'again', 'inquire', 'round', 'kill'] as const),
  ),
  process: fc.nat(PROCESSES - 1),
  earlier: fc.nat(),
  order: fc.nat(5),
  amount: fc.integer({ min: 1, max: 30 }),
  auto: fc.boolean(),
  wait: fc.option(fc.constantFrom(0, 1_000, 12_000, 70_000), { nil: undefined }),
});

/** What befalls a call, an inquiry or an append; nothing, nearly half of the time. */
const chance = fc.nat(99);

type Send = (payments: OpenPayments) => Promise<PaymentAnswer>;
type Sent = Readonly<{ send: Send; answers: PaymentAnswer[] }>;

/** Random commands to two processes at once, on a bad network and a bad log. */
class Run {
  readonly shop: Shop;
  readonly processes: PaymentProcess[] = [];
  readonly #sent: Sent[] = [];
  readonly #ids: string[] = [];
  readonly #running: Promise<unknown>[] = [];
  #isOver = false;

  constructor(
    turns: () => number,
    readonly next: () => number,
  ) {
    this.shop = new Shop({ turns, lag: () => turns() ** 2 });
    const { gateway, store } = this.shop;
    gateway.fate = () => (this.#isOver ? {} : this.#fate());
    gateway.inquiryFate = () => (this.#isOver ? {} : this.#inquiryFate());
    const fault = (above: number) => () => {
      if (!this.#isOver && next() >= above) throw new StoreUnavailable('the log does not answer');
    };
    store.beforeAppend = fault(97);
    store.afterAppend = fault(97);
  }

  async run(steps: readonly Step[]): Promise<void> {
    const { shop } = this;
    this.#isOver = true;
    for (let index = 0; index < PROCESSES; index++) this.processes.push(await shop.open());
    this.#isOver = false;
    for (const each of steps) {
      if (each.wait !== undefined) await shop.time.advance(each.wait);
      this.#running.push(this.#step(each).catch(() => undefined));
    }
    await shop.time.advance(100_000);
    this.#isOver = true;
    const fresh = await shop.open();
    await shop.untilQuiet(...this.processes, fresh);
    shop.settled();
    await this.#sendAllAgain(fresh);
    shop.settled();
    await shop.close();
  }

  async #step(each: Step): Promise<void> {
    const { process: index, kind } = each;
    const process = this.processes[index];
    if (process === undefined) throw new Error(`no process ${index}`);
    if (kind === 'kill') {
      process.kill();
      this.processes[index] = await this.shop.open();
      return;
    }
    if (kind === 'round') return process.payments.lookAfter();
    const sent = kind === 'again' ? pick(this.#sent, each.earlier) : this.#command(each);
    if (sent === undefined) return;
    const answer = await sent.send(process.payments);
    sent.answers.push(answer);
  }

  #command({ kind, earlier, amount, order, auto }: Step): Sent | undefined {
    const send = this.#sending({ kind, earlier, amount, order, auto });
    if (send === undefined) return undefined;
    const sent = { send, answers: [] };
    if (kind !== 'inquire') this.#sent.push(sent);
    return sent;
  }

  #sending({
    kind,
    earlier,
    amount,
    order,
    auto,
  }: Pick<Step, 'kind' | 'earlier' | 'amount' | 'order' | 'auto'>): Send | undefined {
    const units = BigInt(amount);
    if (kind === 'pay') {
      const capture = auto ? ('auto' as const) : ('manual' as const);
      const command = pay({ amount: units + 30n, orderId: `order-${order}`, capture });
      this.#ids.push(command.commandId);
      return (payments) => payments.authorize(command, BY_TEST);
    }
    const paymentId = pick(this.#ids, earlier);
    if (paymentId === undefined) return undefined;
    if (kind === 'inquire') return (payments) => payments.inquire({ paymentId }, BY_TEST);
    const some = auto ? undefined : units;
    if (kind === 'refund') {
      const command = giveBack(paymentId, some);
      return (payments) => payments.refund(command, BY_TEST);
    }
    const command = take(paymentId, kind === 'void' ? undefined : some);
    return (payments) =>
      kind === 'void' ? payments.void(command, BY_TEST) : payments.capture(command, BY_TEST);
  }

  /** What was answered for good is answered so again, by a process that has just begun. */
  async #sendAllAgain(fresh: PaymentProcess): Promise<void> {
    const { shop } = this;
    const before = shop.store.log.length;
    for (const { send, answers } of this.#sent) {
      const final = answers.filter(({ kind }) => kind === 'done' || kind === 'declined');
      const [first] = final;
      if (first === undefined) continue;
      const again = await shop.ends(send(fresh.payments));
      for (const answer of [...final, again]) {
        expect({ ...answer, replayed: true }).to.deep.equal({ ...first, replayed: true });
      }
      expect(ended(again)).to.match(/^replayed /);
    }
    expect(shop.store.log).to.have.length(before);
  }

  #fate(): Fate {
    const number = this.next();
    const does = FATES[number % FATES.length];
    return number < 45 ? {} : { ...does, ...this.#delays() };
  }

  #delays(): Fate {
    // A request arrives before the gateway's own time-out is over, or never.
    const [arrives, answers] = [this.next(), this.next()];
    return {
      ...(arrives < 50 ? {} : { arrives: this.#after((arrives - 50) * 1_000) }),
      ...(answers < 50 ? {} : { answers: this.#after((answers - 50) * 1_500) }),
    };
  }

  #inquiryFate(): InquiryFate {
    const number = this.next();
    return number < 60 ? {} : (INQUIRY_FATES[number % INQUIRY_FATES.length] ?? {});
  }

  #after(milliseconds: number): Gate {
    const gate = new Gate();
    this.shop.time.wait(milliseconds, () => gate.open());
    return gate;
  }
}

const FATES: readonly Fate[] = [
  {},
  { does: 'decline' },
  { does: 'refuse' },
  { says: 'silence' },
  { does: 'lost', says: 'silence' },
  { says: 'reset' },
  { does: 'lost', says: 'reset' },
  { does: 'lost', says: 'unavailable' },
  { says: 'garbled' },
  { says: 'throw' },
  { does: 'decline', says: 'timeout' },
];

const INQUIRY_FATES: readonly InquiryFate[] = [
  { instead: 'silence' },
  { instead: 'throw' },
  { instead: { kind: 'no-answer', detail: '503' } },
  { instead: { kind: 'pending', raw: '' } },
];

function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(items.length, 1)];
}

describe('payments under any commands, any faults and any order of things', () => {
  it('agree with the gateway to the unit once nothing is in doubt', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
        fc.infiniteStream(fc.nat(8)),
        fc.infiniteStream(chance),
        async (steps, delays, chances) => {
          const run = new Run(
            () => Number(delays.next().value),
            () => Number(chances.next().value),
          );
          await run.run(steps);
        },
      ),
      { numRuns: 200 },
    );
  }).timeout(60_000);
});
