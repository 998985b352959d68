import { knownDayNumber, isDay } from './day.js';

/** Every offset in use since 1972 is a multiple of a quarter of an hour, so no midnight falls inside one. */
const QUARTER_MS = 900_000;
const MAX_CACHED_QUARTERS = 20_000;

type ZoneDays = Readonly<{ format: Intl.DateTimeFormat; days: Map<number, number> }>;

const zones = new Map<string, ZoneDays>();

/**
 * The accounting day on which an instant falls, as a day number (see day.ts).
 * @param ms milliseconds since 1970, of 1972 or later
 * @param zone IANA name of the ledger's time zone, like `Asia/Seoul`
 * @throws RangeError when the zone is unknown
 */
export function ledgerDay(ms: number, zone: string): number {
  const { format, days } = zoneDays(zone);
  const quarter = Math.floor(ms / QUARTER_MS);
  const cached = days.get(quarter);
  if (cached !== undefined) return cached;
  const day = formattedDay(format, ms);
  if (days.size >= MAX_CACHED_QUARTERS) days.clear();
  days.set(quarter, day);
  return day;
}

function zoneDays(zone: string): ZoneDays {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const made = { format, days: new Map<number, number>() };
  zones.set(zone, made);
  return made;
}

function formattedDay(format: Intl.DateTimeFormat, ms: number): number {
  const parts = format.formatToParts(ms);
  const part = (type: 'year' | 'month' | 'day'): string =>
    parts.find((candidate) => candidate.type === type)?.value ?? '';
  const text = `${part('year')}-${part('month')}-${part('day')}`;
  if (!isDay(text)) throw new Error(`no day could be made of ${ms} ms: ${text}`);
  return knownDayNumber(text);
}
