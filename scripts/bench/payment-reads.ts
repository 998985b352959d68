import { z } from 'zod';
import { formatDay } from '../../shared/ledger/day.js';
import { ledgerDay } from '../../shared/ledger/zone.js';
import { readAt } from './api.js';
import { sized, withFolder, type BenchContext, type Benchmark } from './benchmark.js';
import { Book } from './book.js';
import { commandAt } from './commands.js';
import { Connection } from './connection.js';
import { timed } from './growth.js';
import { Random } from './random.js';
import { NO_WRITES, percentiles, same, type BenchResult, type Figure } from './report.js';
import { getText, postText } from './requests.js';
import { ServerProcess } from './server-process.js';
import type { Latency } from './statistics.js';

const ZONE = 'Asia/Seoul';
/** Refunds of the payment with a long history: as many as it may nearly have. */
const REFUNDS = 150;
/** Events of a payment that was authorised, captured and refunded once, its order's claim included. */
const CHAIN = 8;

/** A payment to ask about, and positions of the log right after it was authorised, and at the end. */
type Asked = Readonly<{ id: string; authorizedAt: bigint; position: bigint }>;

const answer = z.object({ data: z.object({ nextCursor: z.string().nullable() }) });
const traced = z.object({ data: z.object({ events: z.int() }) });

/** One caller, one request at a time. */
class Caller {
  constructor(private readonly connection: Connection) {}

  /** A command that must be carried out; answers the payment and the position reached. */
  async command(
    path: string,
    key: string,
    trace: string,
    body: object,
  ): Promise<Readonly<{ id: string; position: bigint }>> {
    const headers = `Idempotency-Key: ${key}\r\nX-Correlation-ID: ${trace}\r\n`;
    const text = postText(path, headers, JSON.stringify(body));
    const { status, head, body: sent } = await this.connection.exchange(text);
    if (status !== 201) throw new Error(`${path}: ${status} ${sent}`);
    const id = /"id":"([^"]+)"/.exec(sent)?.[1] ?? '';
    return { id, position: BigInt(/\r\nx-position: *(\d+)/i.exec(head)?.[1] ?? 0) };
  }

  /** A payment from its authorisation to its last refund, all of it one trace. */
  async payment(key: string, refunds: number): Promise<Asked> {
    const method = { type: 'card', token: 'tok_ok' };
    const terms = { orderId: key, sellerId: 's1', amount: '1000', currency: 'KRW', method };
    const { id, position: authorizedAt } = await this.command('/v1/payments', key, key, terms);
    let { position } = await this.command(`/v1/payments/${id}/captures`, key, key, {});
    for (let n = 0; n < refunds; n++) {
      const body = { amount: '1', reason: 'returned' };
      const path = `/v1/payments/${id}/refunds`;
      ({ position } = await this.command(path, `${key}-${n}`, key, body));
    }
    return { id, authorizedAt, position };
  }

  /** Reads something that must be there. */
  async read(path: string): Promise<void> {
    const { status, body } = await this.connection.exchange(getText(path));
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  }
}

/** A log of so many events beside those of payments, with every view of it. */
async function fill(folder: string, entries: number): Promise<void> {
  const book = await Book.open(folder);
  await book.post((n) => commandAt({ tag: 'fill', accounts: 10_000 }, n), 0, entries);
  await book.project();
  await book.close();
}

async function questions(
  context: BenchContext,
  caller: Caller,
  url: string,
  payments: readonly Asked[],
): Promise<readonly Figure[]> {
  const random = new Random(5);
  const times = sized(context, 50, 1_000);
  const long = await caller.payment('long', REFUNDS);
  const today = formatDay(ledgerDay(Date.now(), ZONE));
  // From here on the views know everything that is asked for.
  const first = await readAt(`${url}/v1/payments/${long.id}/history?limit=50`, long.position);
  const { nextCursor } = answer.parse(await first.json()).data;
  await readAt(`${url}/v1/payments`, long.position);
  const ask = async (path: () => string): Promise<Latency> => {
    await timed(20, () => caller.read(path()));
    return timed(times, () => caller.read(path()));
  };
  const any = (): string => random.pick(payments).id;
  const middle = `/v1/payments/${long.id}/history?limit=50&cursor=${nextCursor ?? ''}`;
  return [
    ...percentiles('history', await ask(() => `/v1/payments/${any()}/history`), 5),
    ...percentiles('page of 50 of a long history', await ask(() => middle), 5),
    ...percentiles('payment', await ask(() => `/v1/payments/${any()}`)),
    ...percentiles(
      'payment as of both axes',
      await ask(() => {
        const { id, authorizedAt } = random.pick(payments);
        return `/v1/payments/${id}?effective=${today}&known=position:${authorizedAt}`;
      }),
    ),
    ...percentiles(
      'trace',
      await ask(() => `/v1/traces/chain-${random.below(payments.length)}`),
      50,
    ),
  ];
}

async function measure(context: BenchContext, folder: string): Promise<BenchResult> {
  const entries = sized(context, 10_000, 1_000_000);
  const count = sized(context, 20, 300);
  context.say(`a log of ${entries}`);
  await fill(folder, entries);
  const server = await ServerProcess.start({ data: folder });
  try {
    const { hostname, port } = new URL(server.url);
    const connection = await Connection.open(hostname, Number(port));
    const caller = new Caller(connection);
    const payments: Asked[] = [];
    for (let n = 0; n < count; n++) payments.push(await caller.payment(`chain-${n}`, 1));
    context.say('asking');
    const figures = await questions(context, caller, server.url, payments);
    const last = payments.at(-1)?.position ?? 0n;
    const trace = await readAt(`${server.url}/v1/traces/chain-${count - 1}`, last);
    connection.close();
    return {
      name: `Payments read among ${entries.toLocaleString('en-US')} events`,
      workload:
        `${count} payments authorised, captured and refunded, and one with ${REFUNDS} refunds, ` +
        `at the end of a log of ${entries} entries; questions over HTTP one after another, each ` +
        `about any of them. All in one.`,
      durability: NO_WRITES,
      figures,
      checks: [same('events in a trace', traced.parse(await trace.json()).data.events, CHAIN)],
    };
  } finally {
    await server.kill();
  }
}

const paymentReads: Benchmark = {
  name: 'payment-reads',
  run: (context) => withFolder(async (folder) => [await measure(context, folder)]),
};

export const PAYMENT_READS: readonly Benchmark[] = [paymentReads];
