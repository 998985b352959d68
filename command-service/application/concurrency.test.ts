import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { RacingEventStore } from '../../shared/testing/racing-event-store.js';
import { Audit } from '../testing/audit.js';
import {
  account,
  BY_TEST,
  done,
  grant,
  legs,
  outcome,
  POINTS,
  Processes,
  spend,
} from '../testing/processes.js';
import type { Answer } from './ledger.js';
import type { OpenLedger } from './open-ledger.js';

const PROCESSES = 3;

type Step = Readonly<{
  kind:
    | 'grant'
    | 'spend'
    | 'give'
    | 'batch'
    | 'place'
    | 'settle'
    | 'release'
    | 'reverse'
    | 'forget'
    | 'expire'
    | 'again';
  process: number;
  owner: number;
  amount: number;
  /** Of an earlier command: which hold to close, which entry to reverse, what to send again. */
  earlier: number;
  /** Whether to wait for everything before this step, and let time go on. */
  wait: boolean;
}>;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant('grant' as const) },
    { weight: 6, arbitrary: fc.constant('spend' as const) },
    {
      weight: 9,
      arbitrary: fc.constantFrom(
        'give',
        'batch',
        'place',
        'place',
        'settle',
        'release',
        'release',
        'reverse',
        'forget',
        'expire',
        'again',
      ),
    },
  ),
  process: fc.nat(PROCESSES - 1),
  owner: fc.nat(1),
  amount: fc.integer({ min: 1, max: 40 }),
  earlier: fc.nat(),
  wait: fc.boolean(),
});

/** A command that takes `amount` from `from`, if it does: what its refusal is checked against. */
type Sent = Readonly<{
  id: string;
  from?: string;
  amount: bigint;
  send: (ledger: OpenLedger) => Promise<readonly Answer<unknown>[]>;
}>;

/** Random commands to several processes at once, and what the log has to say to that. */
class Run {
  readonly store: RacingEventStore;
  readonly processes: Processes;
  readonly ledgers: OpenLedger[] = [];
  readonly #sent: Sent[] = [];
  readonly #entries: string[] = [];
  readonly #holds: { id: string; owner: string }[] = [];
  readonly #results: { sent: Sent; from: bigint; to: bigint; codes: readonly string[] }[] = [];
  readonly #running: Promise<void>[] = [];
  #next = 0;

  constructor(turns: () => number) {
    this.store = new RacingEventStore({ turns, lag: () => turns() ** 2 });
    this.processes = new Processes(this.store);
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (let index = 0; index < PROCESSES; index++) this.ledgers.push(await this.processes.open());
    done(await this.#ledger(0).declareAccount(POINTS, BY_TEST));
    for (const each of steps) {
      if (each.wait) {
        await Promise.all(this.#running.splice(0));
        this.processes.now += 10;
      }
      this.#running.push(this.#step(each));
    }
    await Promise.all(this.#running);
    await this.#sendAllAgain();
    await this.processes.close();
  }

  check(): void {
    const audit = new Audit(this.store.log, POINTS.code);
    expect(audit.twice()).to.deep.equal([]);
    for (const [owner, lowest] of audit.lowest) expect(lowest >= 0n, owner).to.equal(true);
    for (const { sent, from, to, codes } of this.#results) {
      for (const code of codes) {
        if (code === 'CONTENTION') continue;
        if (code !== 'INSUFFICIENT_BALANCE' || sent.from === undefined) continue;
        // Had it been there all the while, refusing it would have been wrong.
        const lowest = audit.lowestBetween(sent.from, from, to);
        expect(lowest < sent.amount, `${sent.id}: ${lowest} of ${sent.amount}`).to.equal(true);
      }
    }
  }

  async #step(each: Step): Promise<void> {
    const ledger = this.#ledger(each.process);
    if (each.kind === 'forget') {
      ledger.forget();
      return;
    }
    if (each.kind === 'expire') {
      await ledger.expireHolds();
      return;
    }
    const sent = each.kind === 'again' ? pick(this.#sent, each.earlier) : this.#command(each);
    if (sent === undefined) return;
    this.#sent.push(sent);
    await this.#send(sent, ledger);
  }

  async #send(sent: Sent, ledger: OpenLedger): Promise<readonly string[]> {
    const from = this.store.log.at(-1)?.position ?? 0n;
    const codes = (await sent.send(ledger)).map(outcome);
    const to = this.store.log.at(-1)?.position ?? 0n;
    this.#results.push({ sent, from, to, codes });
    return codes;
  }

  #command({ kind, owner, amount, earlier }: Step): Sent | undefined {
    const id = `${kind}-${this.#next++}`;
    const from = wallet(owner);
    const units = BigInt(amount);
    const one = async (answer: Promise<Answer<unknown>>) => [await answer];
    switch (kind) {
      case 'grant':
        this.#entries.push(id);
        return { id, amount: 0n, send: (to) => one(to.postEntry(grant(id, from, units), BY_TEST)) };
      case 'spend':
        this.#entries.push(id);
        return {
          id,
          from,
          amount: units,
          send: (to) => one(to.postEntry(spend(id, from, units), BY_TEST)),
        };
      case 'give': {
        const lines = legs(from, wallet(owner + 1), units);
        const entry = { id, description: 'gift', legs: lines };
        this.#entries.push(id);
        return { id, from, amount: units, send: (to) => one(to.postEntry(entry, BY_TEST)) };
      }
      case 'batch': {
        const batch = [grant(`${id}a`, from, 3n)].concat(
          Array.from({ length: 4 }, (_, at) => spend(`${id}s${at}`, from, units)),
        );
        return { id, from, amount: units, send: (to) => to.postEntries(batch, BY_TEST) };
      }
      case 'place': {
        this.#holds.push({ id, owner: from });
        const hold = { id, account: account(from), amount: units, currency: 'KRW' };
        const more = { expiresAt: this.processes.now + 10 + (earlier % 60), description: 'x' };
        return {
          id,
          from,
          amount: units,
          send: (to) => one(to.placeHold({ ...hold, ...more }, BY_TEST)),
        };
      }
      case 'settle':
      case 'release': {
        const hold = pick(this.#holds, earlier);
        if (hold === undefined) return undefined;
        const command = { id: hold.id, account: account(hold.owner), commandId: id };
        return {
          id,
          amount: 0n,
          send: (to) =>
            one(
              kind === 'release'
                ? to.releaseHold(command, BY_TEST)
                : to.settleHold({ ...command, to: account('4010') }, BY_TEST),
            ),
        };
      }
      case 'reverse': {
        const entry = pick(this.#entries, earlier);
        if (entry === undefined) return undefined;
        const command = { id: entry, commandId: id, reason: 'x' };
        return { id, amount: 0n, send: (to) => one(to.reverseEntry(command, BY_TEST)) };
      }
      case 'forget':
      case 'expire':
      case 'again':
        return undefined;
    }
  }

  /** What was carried out says so again, in a process that has just begun; nothing is added. */
  async #sendAllAgain(): Promise<void> {
    const carriedOut = this.#results.filter(({ codes }) => codes.every((code) => code === 'done'));
    const fresh = await this.processes.open();
    const before = this.store.log.length;
    for (const { sent } of carriedOut) {
      const codes = (await sent.send(fresh)).map(outcome);
      expect(new Set(codes), sent.id).to.deep.equal(new Set(['replayed']));
    }
    expect(this.store.log).to.have.length(before);
  }

  #ledger(index: number): OpenLedger {
    const ledger = this.ledgers[index];
    if (ledger === undefined) throw new Error(`no process ${index}`);
    return ledger;
  }
}

function wallet(owner: number): string {
  return owner % 2 === 0 ? 'points:ann' : 'points:bob';
}

function pick<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[index % Math.max(items.length, 1)];
}

describe('several processes on one log', () => {
  it('never overdraw at any point of the log, and never refuse what was safely there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 12 })),
        async (steps, delays) => {
          const run = new Run(() => Number(delays.next().value));
          await run.run(steps);
          run.check();
        },
      ),
      { numRuns: 200 },
    );
  });
});
