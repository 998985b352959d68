import type { BenchContext } from './benchmark.js';
import type { Comparison } from './comparison.js';
import type { ProductionServers } from './production-servers.js';
import type { Check } from './report.js';

/** What a part of the benchmark of the production parts is given. */
export type PartContext = BenchContext &
  Readonly<{
    /** For the data of this part alone. */
    folder: string;
    servers: ProductionServers;
    /** Begins every id, so that no run meets what another left on a true server. */
    run: string;
  }>;

/** What it gives. */
export type PartResult = Readonly<{
  workload: string;
  comparisons: readonly Comparison[];
  checks: readonly Check[];
}>;

export type Part = (context: PartContext) => Promise<PartResult>;
