import { exponent, type Currency } from './currency.js';

/** Largest amount of a leg, in minor units: the largest int64, because the stores keep 64 bits. */
export const MAX_AMOUNT = 2n ** 63n - 1n;

const MINOR = /^(?:0|[1-9][0-9]{0,18})$/;

/**
 * Reads a count of minor units: decimal digits without sign, point, exponent or leading zero.
 * @returns the amount, or undefined when the text is anything else or above {@link MAX_AMOUNT}
 */
export function parseMinorUnits(text: string): bigint | undefined {
  if (!MINOR.test(text)) return undefined;
  const amount = BigInt(text);
  return amount <= MAX_AMOUNT ? amount : undefined;
}

/**
 * Reads an amount in major units ("700.00", "-12", "0.125") into minor units. The text may have
 * fewer decimal places than the currency, never more: nothing is rounded.
 * @returns minor units, or undefined when the text is not such an amount or does not fit an int64
 */
export function parseMajorUnits(text: string, currency: Currency): bigint | undefined {
  const match = /^(-?)(\d{1,19})(?:\.(\d{1,4}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  const places = exponent(currency);
  if (fraction.length > places) return undefined;
  const magnitude = BigInt(whole + fraction.padEnd(places, '0'));
  const amount = sign === '-' ? -magnitude : magnitude;
  return BigInt.asIntN(64, amount) === amount ? amount : undefined;
}

/** Writes minor units as major units with exactly the currency's places: 70000 CZK is "700.00". */
export function formatMajorUnits(amount: bigint, currency: Currency): string {
  const places = exponent(currency);
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, '0');
  if (places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
