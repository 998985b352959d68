import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { declareGuarded } from '../bench/api.js';
import { Random } from '../bench/random.js';
import { ServerProcess } from '../bench/server-process.js';
import { Client, type Answer, type Command } from './client.js';
import { GUARDED, History } from './history.js';
import { auditVerify, checkEverything, onFolder, runSeed, throwProblems } from './run.js';
import { Traffic } from './traffic.js';

const COMMANDS_PER_WRITER = 300;
const SHARED_KEYS = 200;

const posted = z.object({ data: z.object({ id: z.string(), position: z.string() }) });

/** Sends a command until it has an answer that is not "still running". */
async function sendUntilDone(client: Client, command: Command): Promise<Answer> {
  for (;;) {
    const answer = await client.send(command);
    if (answer.kind === 'answered' && (answer.status === 409 || answer.status === 503)) continue;
    return answer;
  }
}

/** The same key at both writers at the same moment: one entry, one answer. */
async function sameKeys(urls: readonly [string, string], history: History): Promise<void> {
  const clients = urls.map((url) => new Client(url));
  for (let n = 0; n < SHARED_KEYS; n++) {
    const mark = `shared ${n}`;
    const legs = [
      { account: '1110:both', side: 'debit' as const, amount: String(n + 1), currency: 'KRW' },
      { account: '2010:both', side: 'credit' as const, amount: String(n + 1), currency: 'KRW' },
    ];
    const sent = history.send(mark, legs);
    const body = { description: mark, legs };
    const command = { path: '/v1/ledger/entries', key: `shared-${n}`, body };
    const answers = await Promise.all(clients.map((client) => sendUntilDone(client, command)));
    const [one, other] = answers.map((answer) => {
      expect(answer).to.include({ kind: 'answered', status: 201 });
      return posted.parse(answer.kind === 'answered' ? answer.body : undefined).data;
    });
    expect(one).to.deep.equal(other);
    if (one !== undefined) sent.knowledge = { kind: 'acknowledged', ...one };
  }
  for (const client of clients) client.close();
}

describe('two command services on one data folder', () => {
  it('are both safe, also with the same keys and the same guarded accounts', () =>
    onFolder(async (data) => {
      const seed = runSeed();
      const history = new History();
      const writers = await Promise.all([
        ServerProcess.start({ data, service: 'command' }),
        ServerProcess.start({ data, service: 'command' }),
      ]);
      const [one, other] = writers;
      await declareGuarded(one.url, GUARDED);
      const traffics = writers.map((_, n) => new Traffic(new Random(seed + n), history, `w${n}-`));
      const load = traffics.map((traffic, n) => {
        let left = COMMANDS_PER_WRITER;
        return traffic.run(writers[n]?.url ?? '', 4, () => left-- > 0);
      });
      await Promise.all([...load, sameKeys([one.url, other.url], history)]);
      for (const traffic of traffics) {
        await traffic.settle(one.url);
        throwProblems(traffic.surprises);
      }
      await Promise.all(writers.map((writer) => writer.stop()));
      const reader = await ServerProcess.start({ data });
      await checkEverything(reader.url, history);
      await reader.stop();
      await auditVerify(data);
      expect(history.sent.filter(({ knowledge }) => knowledge.kind === 'unknown')).to.have.length(
        0,
      );
    }));
});
