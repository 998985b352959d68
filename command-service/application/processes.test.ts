import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { v7 as uuidV7 } from 'uuid';
import { openEventStore, type SqliteEventStore } from '../../shared/adapters/sqlite/event-store.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { Audit } from '../testing/audit.js';
import { account, BY_TEST, done, grant, outcome, POINTS, spend } from '../testing/processes.js';
import { openLedger, type OpenLedger } from './open-ledger.js';

/* Real processes on one data folder. This file is both: the test, and what its children run. */

const SPENDER = 'spender';
const COMMANDS = 150;

async function openOn(folder: string): Promise<{ store: SqliteEventStore; ledger: OpenLedger }> {
  const store = await openEventStore({ folder });
  const ledger = await openLedger({ store, clock: Date.now, ids: uuidV7, zone: 'Asia/Seoul' });
  return { store, ledger };
}

/** Sends every command, each child in an order of its own; all children use the same ids. */
async function beSpender(folder: string, offset: number): Promise<void> {
  const { store, ledger } = await openOn(folder);
  const mine: Promise<string>[] = [];
  for (let index = 0; index < COMMANDS; index++) {
    const number = (index * 7 + offset * 50) % COMMANDS;
    const points = number % 3 === 0 ? 'points:bob' : 'points:ann';
    mine.push(send(ledger, number, points));
    if (index % 10 === 9) {
      await Promise.all(mine);
      process.send?.('progress');
      ledger.forget();
    }
  }
  process.send?.({ outcomes: await Promise.all(mine) });
  await ledger.close();
  await store.close();
  process.disconnect();
}

async function send(ledger: OpenLedger, number: number, points: string): Promise<string> {
  const amount = BigInt((number % 9) + 1);
  if (number % 5 === 0) {
    return outcome(await ledger.postEntry(grant(`g-${number}`, points, amount), BY_TEST));
  }
  if (number % 5 === 1) {
    const hold = { id: `h-${number}`, account: account(points), amount, currency: 'KRW' };
    const more = { expiresAt: Date.parse('2999-01-01'), description: 'x' };
    const placed = await ledger.placeHold({ ...hold, ...more }, BY_TEST);
    if (placed.kind === 'refused') return placed.refusal.code;
    const closing = { account: hold.account, id: hold.id, commandId: `s-${number}` };
    return outcome(await ledger.settleHold({ ...closing, to: account('4010') }, BY_TEST));
  }
  return outcome(await ledger.postEntry(spend(`s-${number}`, points, amount), BY_TEST));
}

async function readLog(store: SqliteEventStore): Promise<readonly RecordedEvent[]> {
  const log: RecordedEvent[] = [];
  for (let last = 0n; ;) {
    const page = await store.readAll(last, 1000);
    const end = page.at(-1);
    if (end === undefined) return log;
    log.push(...page);
    last = end.position;
  }
}

function isOutcomes(message: unknown): message is { outcomes: string[] } {
  return typeof message === 'object' && message !== null && 'outcomes' in message;
}

function startSpender(folder: string, offset: number): ChildProcess {
  return fork(fileURLToPath(import.meta.url), [SPENDER, folder, String(offset)]);
}

async function outcomesOf(child: ChildProcess): Promise<string[]> {
  const outcomes: string[] = [];
  child.on('message', (message) => {
    if (isOutcomes(message)) outcomes.push(...message.outcomes);
  });
  await once(child, 'exit');
  expect(child.exitCode).to.equal(0);
  expect(outcomes).to.have.length(COMMANDS);
  return outcomes;
}

if (process.argv[2] === SPENDER) {
  await beSpender(process.argv[3] ?? '', Number(process.argv[4]));
} else {
  describe('real processes on one data folder', () => {
    it('never overdraw, carry out nothing twice, and outlive the one that is killed', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sagae-processes-'));
      try {
        const { store, ledger } = await openOn(folder);
        done(await ledger.declareAccount(POINTS, BY_TEST));
        done(await ledger.postEntry(grant('first', 'points:ann', 100n), BY_TEST));

        const victim = startSpender(folder, 9);
        await once(victim, 'message');
        victim.kill('SIGKILL');
        const all = await Promise.all(
          [0, 1, 2].map((offset) => outcomesOf(startSpender(folder, offset))),
        );

        const audit = new Audit(await readLog(store), POINTS.code);
        expect(audit.twice()).to.deep.equal([]);
        for (const [owner, lowest] of audit.lowest) expect(lowest >= 0n, owner).to.equal(true);
        expect(new Set(all.flat())).to.include('INSUFFICIENT_BALANCE').and.include('replayed');
        for (const points of ['points:ann', 'points:bob']) await spendAll(ledger, audit, points);
        await ledger.close();
        await store.close();
      } finally {
        await rm(folder, { recursive: true });
      }
    }).timeout(60_000);
  });
}

/** All that is left can be spent, and not a unit more. */
async function spendAll(ledger: OpenLedger, audit: Audit, points: string): Promise<void> {
  const left = audit.lowestBetween(points, 2n ** 62n, 2n ** 62n);
  const more = await ledger.postEntry(spend(`more-${points}`, points, left + 1n), BY_TEST);
  expect(outcome(more)).to.equal('INSUFFICIENT_BALANCE');
  if (left === 0n) return;
  const rest = await ledger.postEntry(spend(`rest-${points}`, points, left), BY_TEST);
  expect(outcome(rest)).to.equal('done');
}
