import { hash } from 'node:crypto';
import { v5 as uuidV5 } from 'uuid';
import type { JournalEntry } from '../../shared/ledger/entry.js';
import type { AuthorizePayment } from './payments.js';
import type { PlaceHold, PostEntry, ReverseEntry, SettleHold } from './ledger.js';

/*
 * A fingerprint is the digest of what a caller asked for, in one canonical text, independent of how
 * the request or the event is written down. Stored with the event for ever, it tells a retry from
 * another request under the same key. What these functions put into the text must never change.
 */

/** Of an entry: what it says, and the dates where the caller gave them. */
export function entryFingerprint(command: PostEntry, entry: JournalEntry): string {
  let text = `entry\n${command.effectiveDate ?? ''}\n${command.occurredAt ?? ''}\n`;
  for (const { account, side, amount, currency } of entry.legs) {
    text += `${account} ${side} ${amount} ${currency}\n`;
  }
  text += JSON.stringify(command.description);
  if (command.metadata !== undefined) text += JSON.stringify(sorted(command.metadata));
  return digest(text);
}

/** Of a reversal: which entry, why, and the date where the caller gave one. */
export function reversalFingerprint({ id, reason, effectiveDate }: ReverseEntry): string {
  return digest(`reversal\n${id}\n${effectiveDate ?? ''}\n${JSON.stringify(reason)}`);
}

/** Of a hold to be placed. */
export function holdFingerprint(command: PlaceHold): string {
  const { account, amount, currency, expiresAt, description } = command;
  return digest(
    `hold\n${account}\n${amount} ${currency}\n${expiresAt}\n${JSON.stringify(description)}`,
  );
}

/** Of a hold to be settled. */
export function settlementFingerprint({ account, id, to, amount }: SettleHold): string {
  return digest(`settle\n${account}\n${id}\n${to}\n${amount ?? ''}`);
}

/** Of a payment to be authorised. */
export function paymentFingerprint(command: AuthorizePayment): string {
  const { orderId, sellerId, amount, currency, method, capture = 'manual' } = command;
  const { description, metadata } = command;
  let text = `payment\n${orderId}\n${sellerId}\n${amount} ${currency}\n`;
  text += `${method.type} ${method.token}\n${capture}\n`;
  if (description !== undefined) text += JSON.stringify(description);
  if (metadata !== undefined) text += JSON.stringify(sorted(metadata));
  return digest(text);
}

/** Of something asked of a payment: what, of which, how much where that was said, and why. */
export function operationFingerprint(
  kind: 'capture' | 'void' | 'refund',
  command: Readonly<{ paymentId: string; amount?: bigint; reason?: string }>,
): string {
  const { paymentId, amount, reason } = command;
  const why = reason === undefined ? '' : JSON.stringify(reason);
  return digest(`${kind}\n${paymentId}\n${amount ?? ''}\n${why}`);
}

/** The id of the entry that reverses an entry: a function of that entry's id, so there is one. */
export function reversalId(id: string): string {
  return uuidV5(`reversal:${id}`, REVERSALS);
}

/** Namespace of {@link reversalId}; part of the log's meaning, never to be changed. */
const REVERSALS = '6f1c3a52-9d0e-4c57-8a54-0f6a1be2c9d7';

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 16);
}

function sorted(labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}
