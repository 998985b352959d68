import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { markPosition, readAt } from '../bench/api.js';
import { ServerProcess } from '../bench/server-process.js';
import { History } from './history.js';
import { readEvents } from './log-event.js';
import { PaymentBook } from './payment-book.js';
import {
  accountProblems,
  answerProblems,
  gatewayProblems,
  isSettled,
  openProblems,
  replayProblems,
} from './payment-invariants.js';
import type { PaymentCalls } from './payment-calls.js';
import { until, type Gateway } from './payment-world.js';
import { auditVerify, checkEverything, throwProblems } from './run.js';

const page = z.object({
  data: z.object({ items: z.array(z.unknown()), nextCursor: z.string().nullable() }),
});
const shownPayment = z.object({ id: z.string(), amounts: z.record(z.string(), z.string()) });
const shownDoubt = z.object({ operation: z.string() });

/** All items of a list, as of a position or later. */
async function readList<Item>(
  url: string,
  item: z.ZodType<Item>,
  position: bigint,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let more = ''; ;) {
    const { data } = page.parse(await (await readAt(`${url}?limit=500${more}`, position)).json());
    items.push(...data.items.map((one) => item.parse(one)));
    if (data.nextCursor === null) return items;
    more = `&cursor=${encodeURIComponent(data.nextCursor)}`;
  }
}

/** Sees the log of a run as it grows, and holds it against all that others know of it. */
export class PaymentJudge {
  readonly history = new History();
  readonly book = new PaymentBook();

  /** Looks at what is new in the log. @throws with everything that must not be in it (I3, I7, I8) */
  async look(url: string): Promise<void> {
    const events = await readEvents(url, this.history.last);
    this.history.see(events);
    this.book.see(events);
    throwProblems([...this.history.problems(), ...this.book.problems()]);
  }

  /** Waits until every operation has an outcome. */
  settled(url: string): Promise<void> {
    return until(
      async () => {
        await this.look(url);
        return isSettled(this.book);
      },
      () => `still without an outcome:\n${openProblems(this.book).slice(0, 20).join('\n')}`,
    );
  }

  /** What is in doubt by the views, and by the log. Both are to be the same. */
  async checkDoubt(url: string): Promise<number> {
    await this.look(url);
    const expected = this.book.open().filter(({ status }) => status === 'unknown');
    const items = await readList(`${url}/v1/payments/in-doubt`, shownDoubt, this.history.last);
    const shown = new Set(items.map(({ operation }) => operation));
    const missing = expected.filter(({ id }) => !shown.has(id));
    throwProblems(missing.map(({ id }) => `${id} is in doubt, and the view does not show it`));
    return expected.length;
  }

  /**
   * Every invariant, once nothing is sent any more: I1 to I4, I7, I8, and the gateway's records.
   * @param url of a server that has the read side too
   */
  async everything(
    url: string,
    gateway: Gateway,
    everyone: readonly PaymentCalls[],
  ): Promise<void> {
    await this.settled(url);
    const { book, history } = this;
    const before = history.size;
    const asked = everyone.flatMap((calls) => calls.asked);
    throwProblems(answerProblems(asked, book));
    const repeated: string[] = [];
    for (const calls of everyone) {
      await calls.askAgain(url, (one, again) => {
        repeated.push(...replayProblems(one, again));
        one.told.push(again);
      });
    }
    throwProblems(repeated);
    // What the repetitions say must be in the log too, and they must have added nothing to it.
    throwProblems(answerProblems(asked, book));
    await this.look(url);
    if (history.size !== before) throw new Error('asking again has added events');
    const records = await gateway.records();
    throwProblems(gatewayProblems(records, book));
    throwProblems(accountProblems(history.sums, records, book));
    await this.#views(url);
    await checkEverything(url, history);
  }

  /** The payments as the views show them are those of the log, and nothing is in doubt. */
  async #views(url: string): Promise<void> {
    const position = await markPosition(url, `views-${this.history.size}`);
    const payments = await readList(`${url}/v1/payments`, shownPayment, position);
    const doubts = await readList(`${url}/v1/payments/in-doubt`, shownDoubt, position);
    const there = this.book.payments.size;
    throwProblems([
      ...payments
        .filter(({ id, amounts }) => {
          const place = this.book.payments.get(id)?.places.at(-1);
          return !isDeepStrictEqual(amounts, place?.amounts);
        })
        .map(({ id }) => `${id} is shown otherwise than it is in the log`),
      ...(payments.length === there ? [] : [`${payments.length} of ${there} payments are shown`]),
      ...doubts.map(({ operation }) => `${operation} is shown in doubt`),
    ]);
  }
}

/** Starts everything on a data folder, and leaves it only when every invariant holds. */
export async function judgeAfter(
  data: string,
  gateway: Gateway,
  everyone: readonly PaymentCalls[],
): Promise<PaymentJudge> {
  const judge = new PaymentJudge();
  const server = await ServerProcess.start({ data, env: gateway.env });
  try {
    for (const calls of everyone) {
      await calls.settle(server.url);
      throwProblems(calls.surprises);
    }
    await judge.everything(server.url, gateway, everyone);
  } finally {
    await server.stop();
  }
  await auditVerify(data);
  return judge;
}
