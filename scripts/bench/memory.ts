import { sized, withServer, type Benchmark } from './benchmark.js';
import { runLoad } from './load.js';
import { DURABLE, same } from './report.js';

const BATCH = 1_000;
const LOADS = 10;
const MEGABYTE = 1_000_000;

const memory: Benchmark = {
  name: 'memory',
  run: (context) =>
    withServer('command', async (server) => {
      const entries = sized(context, 20_000, 1_000_000);
      const atStart = server.residentBytes();
      let accepted = 0;
      for (let load = 0; load < LOADS; load++) {
        context.say(`${(load * entries) / LOADS} of ${entries}`);
        const result = await runLoad({
          kind: 'batches',
          url: server.url,
          connections: 4,
          size: BATCH,
          count: entries / LOADS / BATCH,
          workload: { tag: `memory${load}`, accounts: 10_000 },
        });
        accepted += result.accepted;
      }
      return [
        {
          name: 'Memory of the command service',
          workload: `${entries} entries over 10,000 accounts in batches of 1,000 over HTTP; resident memory right afterwards.`,
          durability: DURABLE,
          figures: [
            { name: 'at start', value: atStart / MEGABYTE, unit: 'MB' },
            {
              name: `after ${entries.toLocaleString('en-US')} entries`,
              value: server.residentBytes() / MEGABYTE,
              unit: 'MB',
              aim: { atMost: 300 },
            },
          ],
          checks: [same('entries acknowledged', accepted, entries)],
        },
      ];
    }),
};

export const MEMORY: readonly Benchmark[] = [memory];
