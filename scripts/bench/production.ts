import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { productionAdapter } from './production-adapter.js';
import { productionCommands } from './production-commands.js';
import type { Part, PartResult } from './production-part.js';
import { productionReads } from './production-reads.js';
import { ProductionServers } from './production-servers.js';
import { productionRelay } from './production-relay.js';
import { productionViews } from './production-views.js';
import { DURABLE, type BenchResult } from './report.js';

/** In this order: what the first leave in the log, the later ones read too. */
const PARTS: Readonly<Record<string, Part>> = {
  reads: productionReads,
  views: productionViews,
  commands: productionCommands,
  adapter: productionAdapter,
  relay: productionRelay,
};

async function measure(
  context: BenchContext,
  folder: string,
  parts: readonly (readonly [name: string, part: Part])[],
): Promise<BenchResult> {
  const servers = await ProductionServers.start(folder);
  try {
    const run = randomUUID().slice(0, 8);
    const results: PartResult[] = [];
    for (const [name, part] of parts) {
      const own = join(folder, name);
      mkdirSync(own);
      results.push(await part({ ...context, folder: own, servers, run }));
    }
    return {
      name: 'Production parts beside the embedded ones',
      workload: [...results.map(({ workload }) => workload), servers.describe()].join(' '),
      durability: `SQLite: ${DURABLE}; servers: as they acknowledge`,
      figures: [],
      comparisons: results.flatMap(({ comparisons }) => comparisons),
      checks: results.flatMap(({ checks }) => checks),
    };
  } finally {
    await servers.stop();
  }
}

/** All parts in one table, and each alone. */
export const PRODUCTION: readonly Benchmark[] = [
  benchmark('production', Object.entries(PARTS)),
  ...Object.entries(PARTS).map(([name, part]) => benchmark(`production-${name}`, [[name, part]])),
];

function benchmark(
  name: string,
  parts: readonly (readonly [name: string, part: Part])[],
): Benchmark {
  return {
    name,
    needsServers: true,
    run: (context) => withFolder(async (folder) => [await measure(context, folder, parts)]),
  };
}
