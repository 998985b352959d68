import type { CaptureMode } from '../../shared/events/payment.js';
import type { PaymentCommand, PaymentTerms } from '../domain/payment.js';

/*
 * What the contract says of a payment, written again and apart from the code: a list of what was
 * asked of the gateway and what is known of it. Every amount is a sum over that list.
 */

type Kind = 'attempt' | 'capture' | 'void' | 'refund';

type Asked = {
  id: string;
  kind: Kind;
  amount: bigint;
  known: 'nothing yet' | 'in doubt' | 'yes' | 'no';
  /** Said to be not found: once, and then it counts as not processed. */
  missing: 0 | 1 | 2;
  /** The gateway did something else than it was asked for. */
  odd: boolean;
};

export type ModelVerdict = 'accepted' | 'repeated' | 'refused';

/** The amounts of CONTRACT §4, by the model. */
export type ModelAmounts = Readonly<{
  authorized: bigint;
  captured: bigint;
  refundPending: bigint;
  refunded: bigint;
  voided: bigint;
  inDoubt: bigint;
  uncaptured: bigint;
}>;

export class PaymentModel {
  readonly asked: Asked[] = [];
  private readonly noted = new Set<string>();
  private readonly mode: CaptureMode;
  private expired = 0n;
  private expiresAt = Infinity;

  constructor(
    private readonly terms: Pick<PaymentTerms, 'id' | 'amount' | 'currency' | 'capture'>,
  ) {
    this.mode = terms.capture;
    this.begin(`${terms.id}-1`, 'attempt', terms.amount);
  }

  get amounts(): ModelAmounts {
    const authorized = this.sum('attempt', 'yes');
    const captured = this.sum('capture', 'yes') + (this.mode === 'auto' ? authorized : 0n);
    const voided = this.sum('void', 'yes');
    return {
      authorized,
      captured,
      refundPending: this.pending('refund'),
      refunded: this.sum('refund', 'yes'),
      voided,
      inDoubt: total(this.asked.filter(({ known }) => known === 'in doubt')),
      uncaptured: authorized - captured - voided - this.expired,
    };
  }

  get status(): string {
    const { authorized, captured, refunded, voided } = this.amounts;
    if (authorized === 0n) {
      return this.pending('attempt') > 0n ? 'AUTHORIZING' : 'DECLINED';
    }
    if (captured > 0n && refunded === captured) return 'REFUNDED';
    if (refunded > 0n) return 'PARTIALLY_REFUNDED';
    if (captured > 0n) return captured === authorized ? 'CAPTURED' : 'PARTIALLY_CAPTURED';
    if (voided > 0n) return 'VOIDED';
    return this.expired > 0n ? 'EXPIRED' : 'AUTHORIZED';
  }

  /** What becomes of a command after the request; the model follows it. */
  tell(command: PaymentCommand, now: number): ModelVerdict {
    switch (command.type) {
      case 'request':
      case 'abandon':
        return 'repeated';
      case 'expire':
        return this.expire(now);
      case 'capture':
      case 'void':
      case 'refund':
        return this.operate(command, now);
      case 'unknown':
      case 'not-found':
      case 'failed':
      case 'done': {
        const one = this.asked.find(({ id }) => id === command.operation);
        if (one === undefined) return 'refused';
        if ('by' in command && command.by === 'operator' && one.known !== 'in doubt') {
          return 'refused';
        }
        return this.learn(command, one);
      }
    }
  }

  private operate(
    { type, id, ...more }: Extract<PaymentCommand, { type: 'capture' | 'void' | 'refund' }>,
    now: number,
  ): ModelVerdict {
    const before = this.asked.find((one) => one.id === id);
    if (before !== undefined) return before.kind === type ? 'repeated' : 'refused';
    const amount = ('amount' in more ? more.amount : undefined) ?? this.room(type);
    const late = type === 'capture' && now >= this.expiresAt;
    if (late || amount <= 0n || amount > this.room(type)) return 'refused';
    return this.begin(id, type, amount);
  }

  /** The most that may be asked for now. */
  private room(kind: Kind): bigint {
    const { authorized, captured, refunded, refundPending, uncaptured } = this.amounts;
    const busy = this.pending('void') > 0n;
    switch (kind) {
      case 'attempt':
        return authorized === 0n ? this.terms.amount : 0n;
      case 'capture':
        // Of what was partly captured and has expired, nothing is left either.
        return busy ? 0n : uncaptured - this.pending('capture');
      case 'void':
        return busy || captured > 0n || this.pending('capture') > 0n ? 0n : uncaptured;
      case 'refund':
        return captured - refunded - refundPending;
    }
  }

  /** The most that may turn out to have been done. Another void under way says nothing against one. */
  private lateRoom(kind: Kind): bigint {
    if (kind !== 'void') return this.room(kind);
    return this.pending('capture') > 0n ? 0n : this.amounts.uncaptured;
  }

  private expire(now: number): ModelVerdict {
    const { uncaptured } = this.amounts;
    const busy = this.pending('capture') + this.pending('void') > 0n;
    if (uncaptured === 0n || busy || now < this.expiresAt) return 'repeated';
    this.expired += uncaptured;
    return 'accepted';
  }

  private learn(command: Extract<PaymentCommand, { operation: string }>, one: Asked): ModelVerdict {
    const open = isOpen(one);
    switch (command.type) {
      case 'unknown':
        if (one.known !== 'nothing yet') return 'repeated';
        one.known = 'in doubt';
        return 'accepted';
      case 'not-found':
        // A gateway that did something else than asked knows of it: it is not missing.
        if (!open || one.odd) return 'repeated';
        one.missing = one.missing === 0 ? 1 : 2;
        if (one.missing === 2) one.known = 'no';
        return 'accepted';
      case 'failed':
        if (one.known === 'yes') return this.note(command);
        if (!open) return 'repeated';
        one.known = 'no';
        if (command.failure === 'not-processed') one.missing = 2;
        return 'accepted';
      case 'done':
        return this.learnDone(command, one);
    }
  }

  private learnDone(command: Extract<PaymentCommand, { type: 'done' }>, one: Asked): ModelVerdict {
    const asAsked = command.amount === one.amount && command.currency === this.terms.currency;
    if (one.known === 'yes') return asAsked ? 'repeated' : this.note(command);
    if (one.known === 'no') {
      const believed = command.by === 'inquiry' || one.missing === 2;
      const fits = one.amount <= this.lateRoom(one.kind);
      return asAsked && believed && fits ? this.confirmLate(one, command) : this.note(command);
    }
    // What is voided already cannot be voided again.
    const fits = one.kind !== 'void' || one.amount === this.amounts.uncaptured;
    if (asAsked && fits) return this.confirm(one, command);
    if (command.by === 'operator') return 'refused';
    if (one.odd) return 'repeated';
    one.odd = true;
    one.known = 'in doubt';
    return 'accepted';
  }

  private confirmLate(one: Asked, told: Readonly<{ expiresAt?: number }>): 'accepted' {
    // Nobody waits for such an authorisation any more.
    const { id, amount } = this.terms;
    const undo = this.mode === 'auto' ? 'refund' : 'void';
    if (one.kind === 'attempt') this.begin(`${id}-reversal`, undo, amount);
    return this.confirm(one, told);
  }

  private confirm(one: Asked, { expiresAt }: Readonly<{ expiresAt?: number }>): 'accepted' {
    one.known = 'yes';
    if (one.kind === 'attempt') this.expiresAt = expiresAt ?? Infinity;
    return 'accepted';
  }

  /** A contradiction is noted once for what is told by whom. */
  private note({ operation, type, by }: Extract<PaymentCommand, { by: string }>): ModelVerdict {
    const key = `${operation} ${type} ${by}`;
    if (this.noted.has(key)) return 'repeated';
    this.noted.add(key);
    return 'accepted';
  }

  private begin(id: string, kind: Kind, amount: bigint): 'accepted' {
    this.asked.push({ id, kind, amount, known: 'nothing yet', missing: 0, odd: false });
    return 'accepted';
  }

  private pending(kind: Kind): bigint {
    return total(this.asked.filter((one) => one.kind === kind && isOpen(one)));
  }

  private sum(kind: Kind, known: Asked['known']): bigint {
    return total(this.asked.filter((one) => one.kind === kind && one.known === known));
  }
}

function isOpen({ known }: Asked): boolean {
  return known === 'nothing yet' || known === 'in doubt';
}

function total(all: readonly Asked[]): bigint {
  return all.reduce((sum, { amount }) => sum + amount, 0n);
}
