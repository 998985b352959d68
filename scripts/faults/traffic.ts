import { z } from 'zod';
import type { Random } from '../bench/random.js';
import { Client, type Answer, type Command } from './client.js';
import { GUARDED, type History, type SentEntry } from './history.js';
import type { LogLeg } from './log-event.js';

const posted = z.object({ data: z.object({ id: z.string(), position: z.string() }) });
const batched = z.object({
  data: z.object({
    results: z.array(
      z.object({
        id: z.string(),
        status: z.enum(['accepted', 'duplicate', 'rejected']),
        position: z.string().optional(),
        code: z.string().optional(),
      }),
    ),
  }),
});
const failed = z.object({ code: z.string() });

/** A command that was sent, with the entries that it must lead to. */
type Sent = Readonly<{ command: Command; entries: readonly SentEntry[] }>;

/** Refusals that are right answers to this traffic. */
const EXPECTED_REFUSALS = ['INSUFFICIENT_BALANCE'];
/** Answers that ask to send the same again. */
const RETRIES = ['REQUEST_IN_PROGRESS', 'CONTENTION', 'UNAVAILABLE'];

/**
 * Callers of a ledger that post single entries, batches, reversals and spends from guarded
 * accounts, remember every intent before they send it, and send what stayed without an answer
 * again, with the same key, before anything new.
 */
export class Traffic {
  readonly #unanswered: Sent[] = [];
  readonly #reversible: SentEntry[] = [];
  readonly #surprises: string[] = [];
  #next = 0;

  constructor(
    private readonly random: Random,
    private readonly history: History,
    /** Begins every mark and key, where several have one log. */
    private readonly prefix = '',
  ) {}

  /** Answers that nothing explains. Empty: all is well. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  /** Commands whose outcome is not known yet. */
  get unanswered(): number {
    return this.#unanswered.length;
  }

  /**
   * Sends commands one after another from each caller until its connection breaks or it is told to.
   * @param breathe waited for before something is sent again, where no answer was final
   */
  async run(
    url: string,
    callers: number,
    goOn: () => boolean,
    breathe?: () => Promise<unknown>,
  ): Promise<void> {
    const client = new Client(url);
    const call = async (): Promise<void> => {
      while (goOn()) {
        const waiting = this.#unanswered.length;
        if ((await this.#sendOne(client, this.#unanswered.shift() ?? this.#make())) === 'lost')
          return;
        if (this.#unanswered.length > waiting) await breathe?.();
      }
    };
    await Promise.all(Array.from({ length: callers }, call));
    client.close();
  }

  /** Sends what is without an answer until everything has one. */
  async settle(url: string): Promise<void> {
    const client = new Client(url);
    for (let sent = this.#unanswered.shift(); sent !== undefined; sent = this.#unanswered.shift()) {
      if ((await this.#sendOne(client, sent)) === 'lost') throw new Error('the server went away');
    }
    client.close();
  }

  async #sendOne(client: Client, sent: Sent): Promise<Answer['kind']> {
    const answer = await client.send(sent.command);
    if (answer.kind === 'lost' || isRetry(answer)) this.#unanswered.push(sent);
    else this.#learn(sent, answer.status, answer.body);
    return answer.kind;
  }

  #learn(sent: Sent, status: number, body: unknown): void {
    const [entry] = sent.entries;
    const many = batched.safeParse(body);
    if (status === 200 && many.success) {
      for (const [index, result] of many.data.data.results.entries()) {
        this.#learnOne(sent.entries[index], result);
      }
      return;
    }
    const one = posted.safeParse(body);
    if (status === 201 && one.success) {
      this.#learnOne(entry, { ...one.data.data, status: 'accepted' });
      return;
    }
    const failure = failed.safeParse(body);
    if (status === 422 && failure.success) {
      this.#learnOne(entry, { id: '', status: 'rejected', code: failure.data.code });
      return;
    }
    this.#surprises.push(`${sent.command.path}: ${status} ${JSON.stringify(body)}`);
  }

  #learnOne(
    entry: SentEntry | undefined,
    result: z.infer<typeof batched>['data']['results'][number],
  ): void {
    if (entry === undefined) throw new Error('more answers than entries');
    const { id, status, position, code = '' } = result;
    if (status === 'rejected') {
      if (!EXPECTED_REFUSALS.includes(code)) this.#surprises.push(`${entry.mark}: ${code}`);
      entry.knowledge = { kind: 'refused', code };
    } else if (position === undefined) {
      this.#surprises.push(`${entry.mark}: ${status} without a position`);
    } else {
      entry.knowledge = { kind: 'acknowledged', id, position };
      if (!entry.mark.startsWith('reverses ')) this.#reversible.push(entry);
    }
  }

  #make(): Sent {
    const chance = this.random.below(10);
    if (chance < 2) return this.#batch(2 + this.random.below(20));
    if (chance < 3) return this.#reversal() ?? this.#single(this.#legs());
    return this.#single(this.#legs());
  }

  #single(legs: readonly LogLeg[]): Sent {
    const mark = `${this.prefix}single ${this.#next++}`;
    const command = {
      path: '/v1/ledger/entries',
      key: mark.replace(' ', '-'),
      body: { description: mark, legs },
    };
    return { command, entries: [this.history.send(mark, legs)] };
  }

  #batch(size: number): Sent {
    const entries = Array.from({ length: size }, () =>
      this.history.send(`${this.prefix}batch ${this.#next++}`, this.#legs()),
    );
    const body = {
      entries: entries.map(({ mark, legs }) => ({
        id: mark.replace(' ', '-'),
        description: mark,
        legs,
      })),
    };
    return { command: { path: '/v1/ledger/entries/batch', body }, entries };
  }

  #reversal(): Sent | undefined {
    const original = this.#reversible.pop();
    if (original?.knowledge.kind !== 'acknowledged') return undefined;
    const { id } = original.knowledge;
    const legs = original.legs.map((leg) => ({
      ...leg,
      side: leg.side === 'debit' ? ('credit' as const) : ('debit' as const),
    }));
    const command = {
      path: `/v1/ledger/entries/${id}/reversal`,
      key: `${this.prefix}reversal-${this.#next++}`,
      body: { reason: 'a fault run undoes it' },
    };
    return { command, entries: [this.history.send(`reverses ${id}`, legs)] };
  }

  /** Mostly plain entries; some put money into a guarded account, some spend more than is there. */
  #legs(): readonly LogLeg[] {
    const wallet = `${GUARDED}:m${this.random.below(5)}`;
    const amount = String(1 + this.random.below(1_000));
    const leg = (account: string, side: LogLeg['side']): LogLeg => ({
      account,
      side,
      amount,
      currency: 'KRW',
    });
    const seller = `2010:s${this.random.below(50)}`;
    const chance = this.random.below(10);
    if (chance < 2) return [leg('1010', 'debit'), leg(wallet, 'credit')];
    if (chance < 5) return [leg(wallet, 'debit'), leg(seller, 'credit')];
    return [leg(`1110:c${this.random.below(50)}`, 'debit'), leg(seller, 'credit')];
  }
}

function isRetry(answer: Answer): boolean {
  if (answer.kind === 'lost') return false;
  const failure = failed.safeParse(answer.body);
  return failure.success && (answer.status === 503 || RETRIES.includes(failure.data.code));
}
