import { checkEvents } from './check-events.js';
import { checkViews, type VerifyTarget } from './check-views.js';
import type { Failure } from './failure.js';
import { scrubEvents } from '../../shared/adapters/sqlite/event-scrub.js';

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
  /** A check begins that will look at so many events. */
  onCheck: (name: string, total: number) => void;
  onProgress: (done: number) => void;
}>;

const MAX_FAILURES = 1000;

/**
 * Checks everything about a ledger that can be checked: the bytes of every event, streams without
 * gaps, every event readable and every entry balanced, recorded time that never runs backwards, the
 * books balanced per currency, and every view equal to its recomputation. Changes nothing, and may
 * run beside a server.
 */
export async function verifyLedger(
  target: VerifyTarget,
  listener: VerifyListener,
): Promise<Verification> {
  const { folder, head } = target;
  const total = Number(head);
  listener.onCheck('stored events', total);
  const damage = await scrubEvents(folder, (done) => listener.onProgress(done));
  const stored = check(
    'stored events',
    `${head} events: bytes, positions, revisions of every stream, file and index`,
    damage.map(({ position, detail }) => ({
      where: position === undefined ? 'events.db' : `position ${position}`,
      what: detail,
    })),
  );
  listener.onCheck('entries', total);
  const { entries, failures } = checkEvents(folder, total, listener.onProgress);
  const readable = check(
    'entries',
    `${entries} entries: readable, balanced each and together, recorded time never backwards`,
    failures,
  );
  listener.onCheck('views', total);
  const views = await checkViews(target, listener.onProgress);
  const recomputed = check('views', views.checked, views.failures);
  const checks = [stored, readable, recomputed];
  return { ok: checks.every((one) => one.failures.length === 0), checks };
}

function check(name: string, checked: string, failures: readonly Failure[]): Check {
  const listed = failures.slice(0, MAX_FAILURES);
  return { name, checked, failures: listed, omitted: failures.length - listed.length };
}
