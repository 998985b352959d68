/**
 * Accounting days. A day travels as `YYYY-MM-DD` and is compared and stored as a day number: whole
 * days since 1970-01-01 in the proleptic Gregorian calendar. No time zone is involved here.
 */
export type Day = string & { readonly __brand: 'Day' };

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MS_PER_DAY = 86_400_000;

/** The calendar repeats itself after 400 years, which are this many days. */
const CYCLE_YEARS = 400;
const CYCLE_DAYS = 146_097;

/** Day numbers of 0000-01-01 and 9999-12-31: what four digits of a year can say. */
const FIRST = -719_528;
const LAST = 2_932_896;

/** The day number of a `YYYY-MM-DD` that exists in the calendar, else undefined. */
export function dayNumber(text: string): number | undefined {
  const match = DAY.exec(text);
  if (match === null) return undefined;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (date < 1 || date > daysIn(year, month)) return undefined;
  // One cycle later and back, because Date.UTC takes the years below 100 for 19xx.
  return Date.UTC(year + CYCLE_YEARS, month - 1, date) / MS_PER_DAY - CYCLE_DAYS;
}

/** Days of a month, 0 for a month there is not. */
function daysIn(year: number, month: number): number {
  switch (month) {
    case 2:
      return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11:
      return 30;
    default:
      return month >= 1 && month <= 12 ? 31 : 0;
  }
}

/** Whether the text is a day of the calendar. */
export function isDay(text: string): text is Day {
  return dayNumber(text) !== undefined;
}

/** The last answer of {@link formatDay}: nearly always the same day is asked for, today. */
let formatted: Readonly<{ number: number; day: Day }> | undefined;

/** `YYYY-MM-DD` of a day number. @throws Error when no year of four digits has such a day */
export function formatDay(number: number): Day {
  if (!Number.isInteger(number) || number < FIRST || number > LAST) {
    throw new Error(`${number} is not the number of a day`);
  }
  if (number !== formatted?.number) {
    // The one cast that makes the brand: every number in the range is a day.
    const day = new Date(number * MS_PER_DAY).toISOString().slice(0, 10) as Day;
    formatted = { number, day };
  }
  return formatted.day;
}

/** The day number of a `YYYY-MM-DD` already known to be a day. @throws Error when it is not */
export function knownDayNumber(day: Day): number {
  const number = dayNumber(day);
  if (number === undefined) throw new Error(`${day} is not a day`);
  return number;
}
