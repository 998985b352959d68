import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark, Scale } from './benchmark.js';
import { GROWTH } from './growth.js';
import { IN_PROCESS } from './in-process.js';
import { describeMachine } from './machine.js';
import { MEMORY } from './memory.js';
import { ONE_ACCOUNT } from './one-account.js';
import { OVER_HTTP } from './over-http.js';
import { PAYMENT_READS } from './payment-reads.js';
import { PAYMENTS } from './payments.js';
import { PRODUCTION } from './production.js';
import { allHeld, renderReport, type BenchReport, type ReportFormat } from './report.js';

export type BenchOptions = Readonly<{
  /** The name of one benchmark; default: all that need nothing but Node. */
  only?: string;
  scale: Scale;
  format: ReportFormat;
  /** Takes the report. */
  write: (text: string) => void;
  /** Takes a line of progress now and then. */
  say: (text: string) => void;
}>;

const BENCHMARKS: readonly Benchmark[] = [
  ...OVER_HTTP,
  ...PAYMENTS,
  ...PAYMENT_READS,
  ...MEMORY,
  ...IN_PROCESS,
  ...ONE_ACCOUNT,
  ...GROWTH,
  ...PRODUCTION,
];

/** Names that `only` may have. */
export const BENCHMARK_NAMES: readonly string[] = BENCHMARKS.map((benchmark) => benchmark.name);

/**
 * Runs the benchmarks and writes the report.
 * @returns whether every check held; a missed aim is shown, and is no failure
 * @throws {RangeError} there is no benchmark of that name
 */
export async function runBench(options: BenchOptions): Promise<boolean> {
  const { only, scale, format, say } = options;
  const chosen = BENCHMARKS.filter(({ name, needsServers = false }) =>
    only === undefined ? !needsServers : name === only,
  );
  if (chosen.length === 0) {
    throw new RangeError(`no benchmark ${only ?? ''}; there are ${BENCHMARK_NAMES.join(', ')}`);
  }
  const machine = measuredMachine();
  const results: BenchReport['results'][number][] = [];
  for (const benchmark of chosen) {
    say(benchmark.name);
    results.push(...(await benchmark.run({ scale, say: (text) => say(`  ${text}`) })));
  }
  const report: BenchReport = { scale, machine, results };
  options.write(`${renderReport(report, format)}\n`);
  return allHeld(report);
}

function measuredMachine(): BenchReport['machine'] {
  const folder = mkdtempSync(join(tmpdir(), 'sagae-bench-'));
  try {
    return describeMachine(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
