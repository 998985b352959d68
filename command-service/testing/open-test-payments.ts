import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import { CircuitBreaker, type CircuitOptions } from '../application/circuit-breaker.js';
import { ConfiguredGateways, type Gateways } from '../application/gateways.js';
import { openLedger, type OpenLedger } from '../application/open-ledger.js';
import { openPayments, type PaymentsOptions } from '../application/open-payments.js';
import type {
  AuthorizePayment,
  CapturePayment,
  PaymentAnswer,
  RefundPayment,
} from '../application/payments.js';
import type { OpenPayments } from '../application/running-payments.js';
import { FakeGateway } from './fake-gateway.js';
import { MortalEventStore } from './mortal-event-store.js';
import { PaymentAudit } from './payment-audit.js';
import { BY_TEST, NOON } from './processes.js';
import { VirtualTime } from './virtual-time.js';

/** How long the gateway is waited for, and after how long it does not come to know a request. */
export const TIMEOUT_MS = 10_000;
export const SETTLES_MS = 60_000;
/** What every test's payment is of. */
export const AMOUNT = 50_000n;

export type ShopOptions = Readonly<{
  turns?: () => number;
  lag?: () => number;
  circuit?: CircuitOptions;
  random?: () => number;
}>;

/** A payments process, and the log and the gateway as it alone sees them. */
export type PaymentProcess = Readonly<{
  payments: OpenPayments;
  ledger: OpenLedger;
  gateways: Gateways;
  /** From now on nothing it does is carried out: it is gone, in the midst of whatever it did. */
  kill: () => void;
  /** What went wrong where nobody waited. */
  failed: unknown[];
}>;

/** A log, a gateway and virtual time, and the processes that work on them. */
export class Shop {
  readonly time = new VirtualTime(NOON);
  readonly store: RacingEventStore;
  readonly gateway: FakeGateway;
  /** Whatever was answered to anybody. */
  readonly answers: PaymentAnswer[] = [];
  readonly #open: PaymentProcess[] = [];
  readonly #options: ShopOptions;
  #made = 0;

  constructor(options: ShopOptions = {}) {
    const { turns = () => 0, lag = turns } = options;
    const { clock } = this.time;
    this.#options = options;
    this.store = new RacingEventStore({ turns, lag, clock });
    this.gateway = new FakeGateway(clock);
  }

  /** A process on the log, as if on a machine of its own: it shares the log and the gateway only. */
  async open(options: Partial<PaymentsOptions> = {}): Promise<PaymentProcess> {
    const { random = () => 0.5, circuit } = this.#options;
    const store = new MortalEventStore(this.store);
    const pause = () => Promise.resolve();
    const common = { store, clock: this.time.clock, ids: this.#id, zone: 'Asia/Seoul', random };
    const ledger = await openLedger({ ...common, pause });
    const failed: unknown[] = [];
    const gateways = new ConfiguredGateways(
      [
        {
          name: 'simulator',
          gateway: this.gateway,
          timeoutMs: TIMEOUT_MS,
          settlesAfterMs: SETTLES_MS,
          breaker: new CircuitBreaker(circuit ?? { window: 1_000, minimumCalls: 1_000 }),
        },
      ],
      [],
      'simulator',
    );
    const payments = openPayments({
      ...common,
      pause,
      wait: this.time.wait,
      gateways,
      watched: ledger.payments,
      failed: (error) => failed.push(error),
      ...options,
    });
    const kill = () => store.kill();
    const process = { payments: this.#listening(payments), ledger, gateways, kill, failed };
    this.#open.push(process);
    return process;
  }

  /** The log, checked: whatever a test is about, this must hold. @throws what does not */
  audit(): PaymentAudit {
    const audit = new PaymentAudit(this.store.log);
    audit.acknowledged(this.answers);
    return checked(audit);
  }

  /** {@link audit}, with nothing in doubt any more, and the gateway of one mind with the books. */
  settled(): PaymentAudit {
    const audit = this.audit();
    if (audit.open.length > 0) throw new Error(`without an outcome: ${audit.open.join(', ')}`);
    audit.agreesWith(this.gateway);
    return checked(audit);
  }

  /** Lets time go on by so much, with a round of the janitor at the end. */
  async later(milliseconds: number, ...processes: readonly PaymentProcess[]): Promise<void> {
    await this.time.advance(milliseconds);
    for (const { payments } of processes) {
      await this.ends(payments.lookAfter());
    }
    await this.time.settle();
  }

  /** Waits for something that itself may have to wait for time. */
  async ends<Value>(work: Promise<Value>): Promise<Value> {
    const running = new Set([work]);
    const over = work.finally(() => running.delete(work));
    // Whoever waits here is told of what it throws.
    over.catch(() => undefined);
    await this.time.settle();
    for (let seconds = 0; running.size > 0; seconds++) {
      if (seconds > MOST_SECONDS) throw new Error('it does not end');
      await this.time.advance(1_000);
    }
    return over;
  }

  /** Rounds of the janitor over two days: by then everything has an outcome, or is left to a person. */
  async untilQuiet(...processes: readonly PaymentProcess[]): Promise<void> {
    for (const after of ROUNDS_MS) await this.later(after, ...processes);
  }

  /** Events in the log, by type, of one stream or of all payments. */
  types(stream = 'payment-'): readonly string[] {
    return this.store.log
      .filter((event) => event.stream.startsWith(stream))
      .map(({ type }) => type);
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map(({ ledger }) => ledger.close()));
  }

  readonly #id = (): string => {
    this.#made += 1;
    return `00000000-0000-7000-8000-${String(this.#made).padStart(12, '0')}`;
  };

  #listening(payments: OpenPayments): OpenPayments {
    const heard = async (answer: Promise<PaymentAnswer>): Promise<PaymentAnswer> => {
      const value = await answer;
      this.answers.push(value);
      return value;
    };
    return {
      authorize: (command, context) => heard(payments.authorize(command, context)),
      capture: (command, context) => heard(payments.capture(command, context)),
      void: (command, context) => heard(payments.void(command, context)),
      refund: (command, context) => heard(payments.refund(command, context)),
      resolve: (command, context) => heard(payments.resolve(command, context)),
      inquire: (command, context) => heard(payments.inquire(command, context)),
      lookAfter: () => payments.lookAfter(),
      close: () => payments.close(),
    };
  }
}

const MOST_SECONDS = 1_000;

/** Long enough apart that each step of the schedule comes in a round of its own. */
const ROUNDS_MS: readonly number[] = [
  15_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 86_400_000,
];

function checked(audit: PaymentAudit): PaymentAudit {
  if (audit.faults.length > 0) throw new Error(audit.faults.join('\n'));
  return audit;
}

let numbers = 0;

/** A UUID that no other command of the tests has. */
export function commandId(): string {
  numbers += 1;
  return `11111111-0000-5000-8000-${String(numbers).padStart(12, '0')}`;
}

/** A request for a payment of 50,000 won. */
export function pay(fields: Partial<AuthorizePayment> = {}): AuthorizePayment {
  const id = commandId();
  return {
    commandId: id,
    orderId: `order-${id.slice(-6)}`,
    sellerId: 'seller-1',
    amount: AMOUNT,
    currency: 'KRW',
    method: { type: 'card', token: 'tok_ok' },
    ...fields,
  };
}

/** A request to capture: all, if no amount is said. */
export function take(paymentId: string, amount?: bigint): CapturePayment {
  return { paymentId, commandId: commandId(), ...(amount === undefined ? {} : { amount }) };
}

/** A request to refund: all, if no amount is said. */
export function giveBack(paymentId: string, amount?: bigint): RefundPayment {
  return { ...take(paymentId, amount), reason: 'sent back' };
}

/** A payment that is authorised; captured too, where that was asked. */
export async function paid(
  { payments }: PaymentProcess,
  fields: Partial<AuthorizePayment> = {},
): Promise<string> {
  const answer = await payments.authorize(pay(fields), BY_TEST);
  if (answer.kind !== 'done') throw new Error(`not authorised: ${ended(answer)}`);
  return answer.payment.id;
}

/** How a command ended, in one word; in two, where it had ended so before. */
export function ended(answer: PaymentAnswer): string {
  switch (answer.kind) {
    case 'refused':
      return answer.refusal.code;
    case 'mismatch':
      return 'mismatch';
    case 'declined':
      return answer.replayed ? `replayed ${answer.code}` : answer.code;
    case 'done':
    case 'in-doubt':
      return answer.replayed ? `replayed ${answer.kind}` : answer.kind;
  }
}
