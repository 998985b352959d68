import type {
  AuthorizeRequest,
  GatewayAnswer,
  Inquiry,
  InquiryAnswer,
  RefundRequest,
} from '../ports/payment-gateway.js';

export const TOSS_KEY = 'tviva20260102abcdef';
export const TOSS_ORDER = 'order-20260102';

const common = {
  reference: 'p-1-1',
  paymentId: 'p-1',
  orderId: TOSS_ORDER,
  amount: 15_000n,
  currency: 'KRW',
  token: TOSS_KEY,
} as const;

export const tossPayment: AuthorizeRequest = { ...common, sellerId: 's-1', capture: true };

export const tossFollowUp = { ...common, authorization: TOSS_KEY };

export const tossRefund: RefundRequest = {
  ...tossFollowUp,
  reference: 'r-1',
  amount: 4_000n,
  reason: '구매자 변심',
  remaining: 11_000n,
};

/** An inquiry about {@link tossPayment} or {@link tossRefund}. */
export function inquiryOf(kind: Inquiry['kind'], changes: Partial<Inquiry> = {}): Inquiry {
  const reference = kind === 'authorize' ? tossPayment.reference : tossRefund.reference;
  return { ...common, reference, kind, capture: true, ...changes };
}

/** A signal that does not abort. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** What an answer says in a few words. */
export function said(answer: GatewayAnswer | InquiryAnswer): string {
  switch (answer.kind) {
    case 'declined':
    case 'refused':
      return `${answer.kind} ${answer.decline.code} ${answer.decline.pgCode}`;
    case 'unknown':
      return `unknown ${answer.reason}`;
    case 'done':
      return `done ${answer.amount} ${answer.currency}`;
    case 'not-found':
    case 'pending':
    case 'expired':
    case 'no-answer':
      return answer.kind;
  }
}
