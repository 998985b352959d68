/** Latencies in milliseconds. */
export type Latency = Readonly<{ p50: number; p95: number; p99: number; max: number }>;

/**
 * Exact percentiles: every sample is kept and sorted, none is put into a bucket.
 * @param samples in milliseconds, at least one, in any order
 */
export function latency(samples: readonly number[] | Float64Array): Latency {
  const sorted = Float64Array.from(samples).sort();
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    max: percentile(sorted, 1),
  };
}

/** The smallest sample that at least this part of all samples does not exceed. */
function percentile(sorted: Float64Array, part: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
  if (value === undefined) throw new Error('no samples');
  return value;
}

/** The middle value; of an even number of values the lower of the two. */
export function median(values: readonly number[]): number {
  return percentile(Float64Array.from(values).sort(), 0.5);
}

/** Milliseconds since some moment in the past, never running backwards. */
export function now(): number {
  return performance.now();
}
