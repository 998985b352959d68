import type { AuditedLog, Finding, OnProgress } from './audited-log.js';
import { checkEvents } from './check-events.js';
import { checkViews, type LiveViews } from './check-views.js';
import { reasonOf, type Failure } from './failure.js';

export type Check = Readonly<{
  name: string;
  /** What was looked at, for people. */
  checked: string;
  failures: readonly Failure[];
  /** Failures beyond those listed. */
  omitted: number;
}>;

export type Verification = Readonly<{ ok: boolean; checks: readonly Check[] }>;

export type VerifyListener = Readonly<{
  /** A check begins. */
  onCheck: (name: string) => void;
  onProgress: OnProgress;
}>;

const MAX_FAILURES = 1000;

/**
 * Checks everything about a ledger that can be checked: what is stored, streams without gaps, every
 * event readable and every entry balanced, recorded time that never runs backwards, the books
 * balanced per currency, and every view equal to its recomputation. Changes nothing, and may run
 * beside a server. What cannot be looked at to the end has failed.
 */
export async function verifyLedger(
  log: AuditedLog,
  views: LiveViews,
  { onCheck, onProgress }: VerifyListener,
): Promise<Verification> {
  const looks: readonly (readonly [name: string, where: string, look: () => Promise<Finding>])[] = [
    ['stored events', log.name, () => log.checkStored(onProgress)],
    ['entries', log.name, () => checkEvents(log, onProgress)],
    ['views', 'views', () => checkViews(views, onProgress)],
  ];
  const checks: Check[] = [];
  for (const [name, where, look] of looks) {
    onCheck(name);
    const { checked, failures } = await finding(where, look);
    const listed = failures.slice(0, MAX_FAILURES);
    const omitted = failures.length - listed.length;
    checks.push({ name, checked, failures: listed, omitted });
  }
  return { ok: checks.every((one) => one.failures.length === 0), checks };
}

async function finding(where: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return { checked: 'not to the end', failures: [{ where, what: reasonOf(error) }] };
  }
}
