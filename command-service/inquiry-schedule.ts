import { ConfigRefused } from '../shared/setting.js';

const VARIABLE = 'SAGAE_INQUIRY_SCHEDULE_MS';
const MOST = 20;

/**
 * When gateways are asked about operations in doubt, as configured: milliseconds after the outcome
 * became unknown, rising, like `5000,30000,120000`. Absent: undefined.
 * @throws {ConfigRefused} it is no such list
 */
export function readInquirySchedule(
  environment: Readonly<Record<string, string | undefined>>,
): readonly number[] | undefined {
  const text = environment[VARIABLE] ?? '';
  if (text === '') return undefined;
  const parts = text.split(',').map((part) => part.trim());
  const schedule = parts.map(Number);
  const rises = schedule.every((ms, index) => ms > (schedule[index - 1] ?? -1));
  if (parts.length <= MOST && parts.every((part) => /^\d{1,9}$/.test(part)) && rises) {
    return schedule;
  }
  throw new ConfigRefused(
    VARIABLE,
    `"${text}" is not a rising list of at most ${MOST} milliseconds like 5000,30000`,
  );
}
