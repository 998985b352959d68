import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { productionAdapter } from './production-adapter.js';
import { productionCommands } from './production-commands.js';
import type { Part, PartResult } from './production-part.js';
import { productionReads } from './production-reads.js';
import { ProductionServers } from './production-servers.js';
import { productionViews } from './production-views.js';
import { DURABLE, type BenchResult } from './report.js';

/** In this order: what the first leave in the log, the later ones read too. */
const PARTS: Readonly<Record<string, Part>> = {
  reads: productionReads,
  views: productionViews,
  commands: productionCommands,
  adapter: productionAdapter,
};

async function measure(context: BenchContext, folder: string): Promise<BenchResult> {
  const servers = await ProductionServers.start(folder);
  try {
    const run = randomUUID().slice(0, 8);
    const results: PartResult[] = [];
    for (const [name, part] of Object.entries(PARTS)) {
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

const production: Benchmark = {
  name: 'production',
  needsServers: true,
  run: (context) => withFolder(async (folder) => [await measure(context, folder)]),
};

export const PRODUCTION: readonly Benchmark[] = [production];
