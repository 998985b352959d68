import { z } from 'zod';
import { maskCardNumbers, shown } from '../../mask.js';

/*
 * What is read of Toss's answers, and nothing else of them is kept: a payment as Toss sends it also
 * holds its `secret` for webhooks, addresses of receipts, and the buyer's name, telephone and bank
 * account. Toss adds fields without notice, so unknown ones are passed over.
 */

const MAX_RAW = 2_000;
/** Toss's own limit of a message. */
const MAX_MESSAGE = 510;

/** Won: whole numbers, and no more than a JSON number can tell exactly. */
const won = z.int().min(0);
const moment = z.iso.datetime({ offset: true });
const failure = z.object({
  code: z.string().min(1).transform(shown),
  message: z.string().transform((text) => fit(maskCardNumbers(text), MAX_MESSAGE)),
});
/** What is only evidence must not make an answer unreadable. */
const evidence = z.string().nullable().optional().catch(undefined);

const cancel = z.object({
  transactionKey: z.string().min(1),
  cancelReason: z.string(),
  cancelAmount: won,
  canceledAt: moment,
  /** Not sent by older versions of the API, where every cancellation is done at once. */
  cancelStatus: z.string().default('DONE'),
  refundableAmount: won.nullable().optional().catch(undefined),
});

const payment = z.object({
  paymentKey: z.string().min(1),
  orderId: z.string().min(1),
  status: z.string(),
  currency: z.string(),
  totalAmount: won,
  balanceAmount: won,
  approvedAt: moment.nullable(),
  failure: failure.nullish(),
  cancels: z.array(cancel).nullish(),
  mId: evidence,
  version: evidence,
  method: evidence,
  requestedAt: evidence,
  lastTransactionKey: evidence,
  card: z
    .object({
      issuerCode: evidence,
      acquirerCode: evidence,
      number: evidence,
      approveNo: evidence,
      cardType: evidence,
      ownerType: evidence,
      acquireStatus: evidence,
    })
    .nullish()
    .catch(undefined),
});

export type TossPayment = z.output<typeof payment>;
export type TossCancel = z.output<typeof cancel>;
export type TossFailure = z.output<typeof failure>;

/** A payment as Toss sends it. Undefined: it is not one. */
export function readPayment(json: unknown): TossPayment | undefined {
  const checked = payment.safeParse(json);
  return checked.success ? checked.data : undefined;
}

/** Toss's error object. Undefined: it is not one. */
export function readFailure(json: unknown): TossFailure | undefined {
  const checked = failure.safeParse(json);
  return checked.success ? checked.data : undefined;
}

/**
 * An answer of Toss as evidence: what was read of it, card numbers masked, at most 2,000 characters.
 * @param note what is odd about it; it comes first
 */
export function rawOf(answer: TossPayment | TossFailure, note?: string): string {
  const text = maskCardNumbers(JSON.stringify(answer));
  return fit(note === undefined ? text : `${note}; ${text}`, MAX_RAW);
}

/** The beginning of a text. Half a character, at its end or sent so, becomes a replacement. */
function fit(text: string, length: number): string {
  return Buffer.from(text.slice(0, length)).toString();
}

/** Milliseconds since 1970 of a moment that has been read. */
export function instantOf(text: string): number {
  return Date.parse(text);
}
