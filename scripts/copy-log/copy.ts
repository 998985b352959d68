import { describeDifference, firstDifference } from './difference.js';
import type { LogSource, LogTarget } from './log-target.js';
import { inStep, PagedLog } from './paged-log.js';

export type CopyResult = Readonly<{
  /** Events that were in the target before. */
  before: number;
  copied: number;
  /** Position in the source of the last event that is in both logs. */
  upTo: bigint;
}>;

/** The target cannot become a copy of the source: it holds something else. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused';
}

/**
 * Copies a log, as far as it goes when this begins, to the end of another that holds nothing but the
 * first events of it: none, or what an interrupted run left there. Where to go on is read from the
 * target itself, so that it may be killed at any point and started again.
 *
 * @param onProgress called with the position in the source up to which the target holds it
 * @throws {TargetRefused} and as the two logs
 */
export async function copyLog(
  source: LogSource,
  target: LogTarget,
  onProgress: (position: bigint) => void = () => undefined,
): Promise<CopyResult> {
  const sourceHead = await source.head();
  const start = await commonStart(source, target, onProgress);
  const upTo = sourceHead > start.source ? sourceHead : start.source;
  const rest = new PagedLog(source, { after: start.source, upTo });
  let head = start.target;
  let events = start.events;
  for (let page = await rest.next(); page.length > 0; page = await rest.next()) {
    const extended = await target.extend(head, page);
    if (extended.kind === 'conflict') {
      throw new TargetRefused(`something else writes into the target: ${extended.reason}`);
    }
    head = extended.head;
    events += page.length;
    onProgress(page.at(-1)?.position ?? upTo);
    rest.take(page.length);
  }
  return { before: start.events, copied: events - start.events, upTo };
}

/** How much of the source the target holds, and the positions of the last such event in each. */
type CommonStart = Readonly<{ events: number; source: bigint; target: bigint }>;

/** @throws {TargetRefused} the target holds anything else than the first events of the source */
async function commonStart(
  source: LogSource,
  target: LogSource,
  onProgress: (position: bigint) => void,
): Promise<CommonStart> {
  let start: CommonStart = { events: 0, source: 0n, target: 0n };
  for await (const pages of inStep(new PagedLog(source), new PagedLog(target))) {
    if (pages.target.length === 0) break;
    const difference = firstDifference(pages);
    if (difference !== undefined) {
      const message = `the target is no copy of this source: ${describeDifference(difference)}`;
      throw new TargetRefused(message);
    }
    start = {
      events: pages.before + pages.target.length,
      source: pages.source.at(-1)?.position ?? start.source,
      target: pages.target.at(-1)?.position ?? start.target,
    };
    onProgress(start.source);
  }
  return start;
}
