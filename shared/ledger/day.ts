/**
 * Accounting days. A day travels as `YYYY-MM-DD` and is compared and stored as a day number: whole
 * days since 1970-01-01 in the proleptic Gregorian calendar. No time zone is involved here.
 */
export type Day = string & { readonly __brand: 'Day' };

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MS_PER_DAY = 86_400_000;

/** The day number of a `YYYY-MM-DD` that exists in the calendar, else undefined. */
export function dayNumber(text: string): number | undefined {
  const match = DAY.exec(text);
  if (match === null) return undefined;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const number = Date.UTC(year, month - 1, date) / MS_PER_DAY;
  // Date.UTC rolls 30 February over into March, and takes years below 100 for 19xx.
  return Number.isFinite(number) && formatDay(number) === text ? number : undefined;
}

/** Whether the text is a day of the calendar. */
export function isDay(text: string): text is Day {
  return dayNumber(text) !== undefined;
}

/** `YYYY-MM-DD` of a day number. */
export function formatDay(number: number): Day {
  return new Date(number * MS_PER_DAY).toISOString().slice(0, 10) as Day;
}

/** The day number of a `YYYY-MM-DD` already known to be a day. @throws Error when it is not */
export function knownDayNumber(day: Day): number {
  const number = dayNumber(day);
  if (number === undefined) throw new Error(`${day} is not a day`);
  return number;
}
