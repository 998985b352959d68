import { entryOf } from '../../shared/events/event.js';
import { isPaymentEvent, type PaymentEvent } from '../../shared/events/payment.js';
import { formatDay } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import {
  NO_PAYMENT,
  type Payment,
  type PaymentStream,
  type RecordedPaymentEvent,
} from '../../shared/payments/payment.js';
import type { Decision } from '../domain/decider.js';
import { assertCaps, paymentDecider, type PaymentCommand } from '../domain/payment.js';

/**
 * The stream of one payment, in memory: what is decided is folded, must keep the caps, and is posted.
 */
export class PaymentBooks {
  readonly recorded: RecordedPaymentEvent[] = [];
  /** Debits less credits, by account, of every entry so far. */
  readonly balances = new Map<string, bigint>();
  state: PaymentStream = NO_PAYMENT;
  /** Milliseconds since 1970. */
  now = Date.parse('2026-03-02T01:00:00.000Z');

  get events(): readonly PaymentEvent[] {
    return this.recorded.map(({ event }) => event);
  }

  get payment(): Payment {
    if (this.state.kind !== 'payment') throw new Error('the stream holds no payment');
    return this.state;
  }

  /** Decides the command and appends what it leads to. @throws Error when that breaks a cap */
  tell(command: PaymentCommand): Decision {
    const decision = paymentDecider.decide(command, this.state, { now: this.now });
    if (decision.kind !== 'accepted') return decision;
    for (const event of decision.events) {
      if (!isPaymentEvent(event)) throw new Error(`${event.type} is no event of a payment`);
      this.append(event, command);
    }
    assertCaps(this.payment);
    return decision;
  }

  private append(event: PaymentEvent, command: PaymentCommand): void {
    const place = this.recorded.length;
    const commandId = 'id' in command ? command.id : 'gateway';
    const fingerprint = 'fingerprint' in command ? { fingerprint: command.fingerprint } : {};
    const recorded: RecordedPaymentEvent = {
      event,
      metadata: {
        schemaVersion: 1,
        commandId,
        correlationId: commandId,
        causationId: commandId,
        actor: 'anonymous',
        effectiveDate: formatDay(ledgerDay(this.now, 'Asia/Seoul')),
        ...fingerprint,
      },
      eventId: `event-${place}`,
      revision: BigInt(place),
      position: BigInt(place),
      recordedAt: this.now,
    };
    this.state = paymentDecider.evolve(this.state, recorded);
    this.recorded.push(recorded);
    for (const { account, side, amount } of entryOf(event)?.legs ?? []) {
      const before = this.balances.get(account) ?? 0n;
      this.balances.set(account, side === 'debit' ? before + amount : before - amount);
    }
  }
}
