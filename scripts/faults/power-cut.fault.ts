import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { setTimeout as moment } from 'node:timers/promises';
import { declareGuarded } from '../bench/api.js';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { GUARDED, History } from './history.js';
import { auditVerify, checkEverything, onFolder, runSeed, throwProblems } from './run.js';
import { Traffic } from './traffic.js';

const CUTS = 5;

/**
 * Everything stands still for a moment while the folder is copied: the copy is what a machine
 * whose power was cut then would find, the page cache written out. That nothing is acknowledged
 * before it is synced is the business of sync.fault.ts.
 */
async function cut(server: ServerProcess, data: string, copy: string): Promise<void> {
  server.signal('SIGSTOP');
  await server.stopped();
  cpSync(data, copy, { recursive: true });
  server.signal('SIGCONT');
}

describe('a copy of the folder taken at any instant', () => {
  it('holds everything acknowledged before it', () =>
    onFolder(async (folder) => {
      const random = new Random(runSeed());
      const data = join(folder, 'data');
      mkdirSync(data);
      const server = await ServerProcess.start({ data });
      await declareGuarded(server.url, GUARDED);
      for (let n = 0; n < CUTS; n++) {
        const copy = join(folder, `copy-${n}`);
        // Each copy is judged by a history of its own, so it knows only what came before.
        const history = new History();
        const traffic = new Traffic(random, history, `cut${n}-`);
        let stop = false;
        const load = traffic.run(server.url, 8, () => !stop);
        await moment(50 + random.below(200));
        const before = history.sent.map((entry) => ({ ...entry }));
        await cut(server, data, copy);
        stop = true;
        await load;
        throwProblems(traffic.surprises);
        const judge = new History();
        judge.sent.push(...before);
        const revived = await ServerProcess.start({ data: copy });
        await checkEverything(revived.url, judge);
        await revived.stop();
        await auditVerify(copy);
      }
      await server.stop();
    }));
});
