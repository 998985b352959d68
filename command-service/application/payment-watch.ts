import { z } from 'zod';
import type { RecordedEvent } from '../../shared/ports/event-store.js';

/** An operation that has no outcome yet. Instants in ms since 1970. */
export type OpenOperation = Readonly<{
  paymentId: string;
  operation: string;
  startedAt: number;
  /** Since when its outcome is unknown; undefined: nothing was said about it yet. */
  unknownSince?: number;
}>;

/** What of the log has to be looked after: operations without an outcome, and time to capture. */
export interface WatchedPayments {
  open(): Iterable<OpenOperation>;
  /** Payments with something left to capture, whose time for that is over. */
  expired(now: number): readonly string[];
}

/** The stream of a payment. */
export function paymentStream(id: string): string {
  return `payment-${id}`;
}

const PREFIX = paymentStream('');

/**
 * Follows the log as far as payments need looking after. It reads types and a few fields and does
 * not decode: it takes in every event of a busy log, and nothing is decided on it alone.
 */
export class PaymentWatch implements WatchedPayments {
  readonly #open = new Map<string, OpenOperation>();
  readonly #expiry = new Map<string, number>();

  open(): Iterable<OpenOperation> {
    return this.#open.values();
  }

  expired(now: number): readonly string[] {
    return [...this.#expiry].filter(([, at]) => at <= now).map(([id]) => id);
  }

  sizes(): Readonly<{ openOperations: number; operationsInDoubt: number; capturable: number }> {
    let operationsInDoubt = 0;
    for (const { unknownSince } of this.#open.values()) {
      if (unknownSince !== undefined) operationsInDoubt++;
    }
    return {
      openOperations: this.#open.size,
      operationsInDoubt,
      capturable: this.#expiry.size,
    };
  }

  /** Takes an event in. Answers whether it is one that only payments are concerned with. */
  take(recorded: RecordedEvent): boolean {
    const { type, stream } = recorded;
    if (!stream.startsWith(PREFIX)) return type === 'OrderClaimed';
    const paymentId = stream.slice(PREFIX.length);
    switch (type) {
      case 'AttemptStarted':
      case 'CaptureStarted':
      case 'VoidStarted':
      case 'RefundRequested': {
        const operation = operationIn(recorded);
        const startedAt = recorded.recordedAt;
        this.#open.set(keyOf(paymentId, operation), { paymentId, operation, startedAt });
        return true;
      }
      case 'OutcomeUnknown': {
        const key = keyOf(paymentId, operationIn(recorded));
        const known = this.#open.get(key);
        if (known !== undefined && known.unknownSince === undefined) {
          this.#open.set(key, { ...known, unknownSince: recorded.recordedAt });
        }
        return true;
      }
      case 'PaymentAuthorized':
      case 'PaymentCaptured':
      case 'PaymentVoided':
        this.#open.delete(keyOf(paymentId, operationIn(recorded)));
        this.#noteExpiry(paymentId, recorded);
        return true;
      case 'AttemptDeclined':
      case 'CaptureFailed':
      case 'VoidFailed':
      case 'RefundSucceeded':
      case 'RefundFailed':
        this.#open.delete(keyOf(paymentId, operationIn(recorded)));
        return true;
      case 'AuthorizationExpired':
        this.#expiry.delete(paymentId);
        return true;
      default:
        return true;
    }
  }

  #noteExpiry(paymentId: string, { type, data }: RecordedEvent): void {
    if (type === 'PaymentVoided') {
      this.#expiry.delete(paymentId);
      return;
    }
    const { expiresAt, remaining } = expiryIn(data);
    if (type === 'PaymentAuthorized') {
      if (expiresAt !== undefined) this.#expiry.set(paymentId, expiresAt);
    } else if (remaining === '0') {
      this.#expiry.delete(paymentId);
    }
  }

  toJSON(): PaymentWatchJson {
    return { open: [...this.#open.values()], expiry: [...this.#expiry] };
  }

  static fromJSON({ open, expiry }: PaymentWatchJson): PaymentWatch {
    const watch = new PaymentWatch();
    for (const one of open) watch.#open.set(keyOf(one.paymentId, one.operation), one);
    for (const [id, at] of expiry) watch.#expiry.set(id, at);
    return watch;
  }
}

const expirySchema = z.object({
  expiresAt: z.int().exactOptional(),
  remaining: z.string().exactOptional(),
});

/** An event has one of the two. In a text within the data these quotes would be escaped. */
function expiryIn(data: string): z.infer<typeof expirySchema> {
  const [, expiresAt] = /,"expiresAt":(\d{1,15}),/.exec(data) ?? [];
  if (expiresAt !== undefined) return { expiresAt: Number(expiresAt) };
  const [, remaining] = /,"remaining":"(\d+)",/.exec(data) ?? [];
  return remaining === undefined ? expirySchema.parse(JSON.parse(data)) : { remaining };
}

const operationSchema = z.object({ operation: z.string() });

/** Deciders write the operation first, so that nearly always nothing has to be parsed. */
function operationIn({ data }: RecordedEvent): string {
  const [, first] = /^\{"operation":"([A-Za-z0-9._:-]+)"/.exec(data) ?? [];
  return first ?? operationSchema.parse(JSON.parse(data)).operation;
}

function keyOf(paymentId: string, operation: string): string {
  return `${paymentId}|${operation}`;
}

/** {@link PaymentWatch} as JSON. */
export const paymentWatchSchema = z.strictObject({
  open: z.array(
    z.strictObject({
      paymentId: z.string(),
      operation: z.string(),
      startedAt: z.int(),
      unknownSince: z.int().exactOptional(),
    }),
  ),
  expiry: z.array(z.tuple([z.string(), z.int()])),
});
type PaymentWatchJson = z.infer<typeof paymentWatchSchema>;
