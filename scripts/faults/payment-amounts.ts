export type OperationKind = 'attempt' | 'capture' | 'void' | 'refund';

export type OperationState = 'started' | 'unknown' | 'succeeded' | 'failed';

/** One thing that was asked of the gateway, as the events tell it. */
export type BookOperation = {
  readonly id: string;
  readonly kind: OperationKind;
  /** The id of its payment. */
  readonly payment: string;
  readonly amount: bigint;
  /** When its intent was recorded, ms since 1970. */
  readonly startedAt: number;
  status: OperationState;
  /** The gateway did not know it, once. */
  notFound: boolean;
  /** It failed because the gateway did not know it, or a person said so. */
  givenUp: boolean;
};

/** Amounts as the API tells them. */
export type Amounts = Readonly<{
  requested: string;
  authorized: string;
  captured: string;
  refundPending: string;
  refunded: string;
  voided: string;
  expired: string;
  inDoubt: string;
}>;

/** What was so right after one event of a payment. */
export type Place = Readonly<{
  position: string;
  type: string;
  /** The operation the event is about. */
  operation?: string;
  amounts: Amounts;
  statuses: ReadonlyMap<string, OperationState>;
}>;

/** A payment as the events tell it; `places` by revision. Amounts are minor units. */
export type BookPayment = {
  readonly id: string;
  readonly orderId: string;
  readonly sellerId: string;
  readonly currency: string;
  readonly requested: bigint;
  readonly auto: boolean;
  readonly operations: BookOperation[];
  readonly places: Place[];
  authorized: bigint;
  captured: bigint;
  voided: bigint;
  expired: bigint;
  refunded: bigint;
  /** It was authorised after it had been told to have failed. */
  late: boolean;
};

/** Whether it has no outcome. */
export function isOpen({ status }: BookOperation): boolean {
  return status === 'started' || status === 'unknown';
}

/** What open operations of a kind are about. */
export function pending({ operations }: BookPayment, kind: OperationKind): bigint {
  return sum(operations.filter((one) => one.kind === kind && isOpen(one)));
}

/** Authorised, and neither captured nor given back. */
export function left({ authorized, captured, voided, expired }: BookPayment): bigint {
  return authorized - captured - voided - expired;
}

export function amountsOf(payment: BookPayment): Amounts {
  const inDoubt = sum(payment.operations.filter(({ status }) => status === 'unknown'));
  return {
    requested: payment.requested.toString(),
    authorized: payment.authorized.toString(),
    captured: payment.captured.toString(),
    refundPending: pending(payment, 'refund').toString(),
    refunded: payment.refunded.toString(),
    voided: payment.voided.toString(),
    expired: payment.expired.toString(),
    inDoubt: inDoubt.toString(),
  };
}

function sum(operations: readonly BookOperation[]): bigint {
  return operations.reduce((total, { amount }) => total + amount, 0n);
}
