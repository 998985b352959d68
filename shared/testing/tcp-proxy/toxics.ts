/** What is wrong with one direction of a link. Each is there once or not at all. */
export type Toxics = Readonly<{
  /** Everything comes so much later, in order; with jitter, by `jitterMs` more or less. */
  latency?: Readonly<{ ms: number; jitterMs?: number }>;
  /** No more than so many bytes in a second. */
  bandwidth?: Readonly<{ bytesPerSecond: number }>;
  /** The end of the stream comes so much later than its last byte. */
  slowClose?: Readonly<{ ms: number }>;
  /**
   * What is sent is lost. The connection is closed so long after the toxic met it; without
   * `closeAfterMs` it stays open, and is reset when the toxic goes, if anything was lost.
   */
  timeout?: Readonly<{ closeAfterMs?: number }>;
  /** The first bytes are kept back, and so much later both sides get a reset. */
  resetPeer?: Readonly<{ afterMs: number }>;
  /** Bytes come in pieces of `averageBytes`, by `variationBytes` more or less. */
  slicer?: Readonly<{ averageBytes: number; variationBytes?: number; pauseMs?: number }>;
  /** After so many bytes, counted from when the toxic met it, the connection is closed. */
  limitData?: Readonly<{ bytes: number }>;
}>;

/** The first bytes that have not been handed on. */
export type Head = Readonly<{
  length: number;
  arrivedAt: number;
  /** From 0 to below 1: how much of the jitter falls to them. */
  luck: number;
}>;

/** How far one direction of one connection has come. Times are those of the proxy's clock. */
export type Progress = Readonly<{
  /** When the present toxics met it. */
  since: number;
  /** Bytes handed on since then. */
  passed: number;
  /** Before then nothing more may go, by bandwidth and slicer. */
  readyAt: number;
  /** Bytes were lost in it, so that it can never be whole again. */
  holed: boolean;
  /** The receiver takes nothing more at the moment. */
  blocked: boolean;
  head: Head | undefined;
  /** When its end came in; undefined: it goes on. */
  endedAt: number | undefined;
}>;

/** What one direction of a connection does next. */
export type Step =
  /** Looks again after so long, or when anything has changed; without `ms` only then. */
  | Readonly<{ kind: 'rest'; ms?: number }>
  | Readonly<{ kind: 'send'; bytes: number }>
  /** The first bytes are dropped. */
  | Readonly<{ kind: 'swallow' }>
  /** Its end is handed on. */
  | Readonly<{ kind: 'end' }>
  /** Both directions are closed, or reset. */
  | Readonly<{ kind: 'close' }>
  | Readonly<{ kind: 'reset' }>;

const REST: Step = { kind: 'rest' };

/** Decides what to do with the first bytes, or with the end, that wait in one direction. */
export function nextStep(
  toxics: Toxics,
  progress: Progress,
  now: number,
  random: () => number,
): Step {
  const { head, endedAt, since } = progress;
  const { timeout, limitData, resetPeer, slowClose } = toxics;
  if (limitData !== undefined && progress.passed >= limitData.bytes) return { kind: 'close' };
  if (timeout !== undefined) return swallowing(timeout.closeAfterMs, progress, now);
  if (progress.holed) return { kind: 'reset' };
  if (head === undefined) {
    if (endedAt === undefined) return REST;
    return restUntil(endedAt + (slowClose?.ms ?? 0), now) ?? { kind: 'end' };
  }
  if (resetPeer !== undefined) {
    const due = Math.max(head.arrivedAt, since) + resetPeer.afterMs;
    return restUntil(due, now) ?? { kind: 'reset' };
  }
  if (progress.blocked) return REST;
  const due = Math.max(head.arrivedAt + delayOf(toxics, head), progress.readyAt);
  return restUntil(due, now) ?? { kind: 'send', bytes: pieceOf(toxics, progress, head, random) };
}

/** How long nothing more goes after so many bytes, ms. */
export function spacing({ bandwidth, slicer }: Toxics, bytes: number): number {
  const sending = bandwidth === undefined ? 0 : (bytes * 1_000) / bandwidth.bytesPerSecond;
  return sending + (slicer?.pauseMs ?? 0);
}

/** @throws when a figure makes no sense: a negative time, a rate of nothing */
export function checkToxics({ bandwidth, slicer, ...others }: Toxics): void {
  const { bytesPerSecond = 1 } = bandwidth ?? {};
  const { averageBytes = 1, ...slicing } = slicer ?? {};
  const figures = [...Object.values(others), slicing].flatMap((toxic) => Object.values(toxic));
  const sound =
    bytesPerSecond >= 1 && averageBytes >= 1 && figures.every((figure: unknown) => isTime(figure));
  if (!sound)
    throw new RangeError(`no such toxics: ${JSON.stringify({ bandwidth, slicer, ...others })}`);
}

function isTime(figure: unknown): boolean {
  return typeof figure === 'number' && figure >= 0;
}

function swallowing(closeAfterMs: number | undefined, progress: Progress, now: number): Step {
  const left = closeAfterMs === undefined ? undefined : progress.since + closeAfterMs - now;
  if (left !== undefined && left <= 0) return { kind: 'close' };
  if (progress.head !== undefined) return { kind: 'swallow' };
  return left === undefined ? REST : { kind: 'rest', ms: left };
}

function restUntil(due: number, now: number): Step | undefined {
  return due > now ? { kind: 'rest', ms: due - now } : undefined;
}

function delayOf({ latency }: Toxics, { luck }: Head): number {
  if (latency === undefined) return 0;
  return Math.max(0, latency.ms + (latency.jitterMs ?? 0) * (2 * luck - 1));
}

/** How many of the first bytes go together: at least one. */
function pieceOf(toxics: Toxics, progress: Progress, head: Head, random: () => number): number {
  const { bandwidth, slicer, limitData } = toxics;
  let size = head.length;
  if (limitData !== undefined) size = Math.min(size, limitData.bytes - progress.passed);
  // Ten times a second, so that a slow line drips and does not come in gushes.
  if (bandwidth !== undefined) size = Math.min(size, bandwidth.bytesPerSecond / 10);
  if (slicer !== undefined) {
    const variation = (slicer.variationBytes ?? 0) * (2 * random() - 1);
    size = Math.min(size, Math.round(slicer.averageBytes + variation));
  }
  return Math.max(1, Math.floor(size));
}
