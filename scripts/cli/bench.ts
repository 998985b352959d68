import { Option, type Command } from 'commander';
import { BENCHMARK_NAMES, runBench } from '../bench/bench.js';
import type { ReportFormat } from '../bench/report.js';
import { Failed, WrongUse } from './faults.js';
import { note } from './output.js';

type BenchOptions = Readonly<{ small?: boolean; format: ReportFormat }>;

/** `sagae bench`. */
export function addBench(sagae: Command): void {
  sagae
    .command('bench')
    .description('measure this machine, on temporary folders')
    .argument(
      '[name]',
      `one of ${BENCHMARK_NAMES.join(', ')}; default: all but the production ones`,
    )
    .option('--small', 'small sizes: a check that it works, not a figure')
    .addOption(
      new Option('--format <format>', 'how to print')
        .choices(['text', 'json', 'markdown'])
        .default('text'),
    )
    .action(bench);
}

async function bench(only: string | undefined, { small, format }: BenchOptions): Promise<void> {
  if (only !== undefined && !BENCHMARK_NAMES.includes(only)) {
    throw new WrongUse(`there is no benchmark ${only}; there are ${BENCHMARK_NAMES.join(', ')}`);
  }
  const held = await runBench({
    ...(only === undefined ? {} : { only }),
    scale: small === true ? 'small' : 'full',
    format,
    write: (text) => process.stdout.write(text),
    say: note,
  });
  if (!held) throw new Failed('a check of the benchmarks did not hold');
}
