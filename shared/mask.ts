const MAX_SHOWN = 100;
/** Every card number begins so; a time in milliseconds, which most answers have, does not. */
const CANDIDATE = /[2-6](?:[ -]?\d){12}/;
const DIGITS = /\d{13,}/g;
const GROUPED = /\d(?:[ -]?\d){12,}/g;
/** One in several hundred has digits that could be a card number's. */
const UUID = /\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/i;
const FOUR_BY_FOUR = /\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}/g;

/** Whether the text holds something that looks like a card number: 13 to 19 digits, Luhn-valid. */
export function hasCardNumber(text: string): boolean {
  return text !== maskCardNumbers(text);
}

/** The text as it may be shown to a caller: cut to 100 characters, card numbers made unreadable. */
export function shown(text: string): string {
  const masked = maskCardNumbers(text);
  return masked.length <= MAX_SHOWN ? masked : `${masked.slice(0, MAX_SHOWN - 1)}…`;
}

/** What may be shown of a means of payment: not to everybody who may read of a payment is it known. */
export function lastFour(token: string): string {
  // Of a short one nothing at all.
  return token.length < 12 ? '…' : `…${token.slice(-4)}`;
}

/** The text with all but the last four digits of every card number replaced by `*`. */
export function maskCardNumbers(text: string): string {
  if (text.length < 13 || !CANDIDATE.test(text)) return text;
  // With its group, every second part is a UUID.
  return text
    .split(UUID)
    .map((part, index) => (index % 2 === 0 ? maskPart(part) : part))
    .join('');
}

function maskPart(text: string): string {
  return text
    .replace(DIGITS, maskIfCard)
    .replace(FOUR_BY_FOUR, maskIfCard)
    .replace(GROUPED, maskIfCard);
}

function maskIfCard(run: string): string {
  const digits = run.replace(/[ -]/g, '');
  if (!isCardNumber(digits)) return run;
  return '*'.repeat(digits.length - 4) + digits.slice(-4);
}

function isCardNumber(digits: string): boolean {
  // Payment cards begin with 2 to 6; a time in milliseconds begins with 1 and is let through.
  if (digits.length < 13 || digits.length > 19 || !/^[2-6]/.test(digits)) return false;
  // A time to the second, 20260331090000: gateways begin their own ids with it.
  if (/^20\d{12}$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}
