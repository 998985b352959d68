import type { Value } from '../../ports/view-store.js';

/*
 * Tuples of values as texts whose order is that of the tuples, in every collation that compares
 * code units. Keys and index entries are stored so: a range of any index is then a range of one
 * text, and neither the server's collation nor the size of an integer matters.
 *
 * Only ASCII from space to `~` is used. Per value:
 * - null: a space;
 * - an integer: a letter that tells sign and number of digits, then the digits, those of a negative
 *   one each taken from 9;
 * - a text: its UTF-8 bytes, those from `$` to `}` as they are, the others as `#` or `~` and two
 *   hexadecimal digits, then `!`, which is below all of them;
 * - bytes: two hexadecimal digits each, then `!`.
 */

/** Above every text that an encoded value may go on with. */
export const ABOVE_ALL = '\u007f';
/** At or below every encoded value that is not null. */
export const ABOVE_NULL = '!';

const NULL = ' ';
const END = '!';
const PLAIN = /^[$-}]*$/;
/** The code of an integer without digits; `P`. */
const NO_DIGITS = 0x50;
/** Integers with more digits than an int64 tell their number in four digits. */
const SHORT_DIGITS = 19;
const LONG_POSITIVE = 'd';
const LONG_NEGATIVE = '<';
const MOST_DIGITS = 9_999;

/** The text of a tuple; one tuple that begins with another has a text that begins with its text. */
export function orderedText(values: readonly Value[]): string {
  let text = '';
  for (const value of values) text += orderedValue(value);
  return text;
}

function orderedValue(value: Value): string {
  if (typeof value === 'bigint') return orderedInteger(value);
  if (typeof value === 'string') return PLAIN.test(value) ? value + END : escaped(value);
  if (value === null) return NULL;
  return Buffer.from(value).toString('hex') + END;
}

function orderedInteger(value: bigint): string {
  if (value >= 0n) {
    const digits = value.toString();
    if (digits.length <= SHORT_DIGITS)
      return String.fromCharCode(NO_DIGITS + digits.length) + digits;
    return LONG_POSITIVE + fourDigits(digits.length) + digits;
  }
  const { length } = (-value).toString();
  const digits = (10n ** BigInt(length) - 1n + value).toString().padStart(length, '0');
  if (length <= SHORT_DIGITS) return String.fromCharCode(NO_DIGITS - length) + digits;
  return LONG_NEGATIVE + fourDigits(MOST_DIGITS - length) + digits;
}

function fourDigits(length: number): string {
  if (length < 0 || length > MOST_DIGITS) throw new Error('an integer of more than 9,999 digits');
  return String(length).padStart(4, '0');
}

function escaped(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text)) {
    if (byte < 0x24) result += `#${hex(byte)}`;
    else if (byte > 0x7d) result += `~${hex(byte)}`;
    else result += String.fromCharCode(byte);
  }
  return result + END;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
