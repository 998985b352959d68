import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ServerProcess } from '../bench/server-process.js';
import { PaymentCalls, paymentOf, type Asked, type Outcome } from './payment-calls.js';
import { judgeAfter } from './payment-judge.js';
import { gatewayInProcess } from './payment-world.js';
import { onFolder } from './run.js';

const CLIENTS = 50;
const TOKENS = ['tok_ok', 'tok_slow:100', 'tok_declined', 'tok_timeout', 'tok_refund_timeout_lost'];

/** What fifty clients were told who sent one command at once: the same, each of them. */
function oneAnswer(asked: Asked, outcomes: readonly Outcome[]): string | undefined {
  const told = outcomes.filter((outcome) => outcome.kind === 'told');
  expect(told, `answers to ${asked.key}`).to.have.length(CLIENTS);
  // Who asked while the outcome was in doubt heard so, who asked later heard what it was.
  const statuses = new Set(told.map((each) => each.told.status).filter((status) => status !== 202));
  expect([...statuses], `statuses of ${asked.key}`).to.have.length.at.most(1);
  const final = told.filter((each) => each.told.status !== 202).map((each) => each.told.body);
  for (const body of final) expect(body).to.deep.equal(final[0]);
  expect(told.filter((each) => !each.told.replayed)).to.have.length(1);
  return told.map((each) => paymentOf(each.told)).find((id) => id !== undefined);
}

/** A payment whose every command is sent by fifty at once. */
async function fifty(urls: readonly string[], calls: PaymentCalls, token: string): Promise<void> {
  const send = async (asked: Asked): Promise<string | undefined> => {
    const all = Array.from({ length: CLIENTS }, () => asked);
    return oneAnswer(asked, await calls.atOnce(urls, all));
  };
  const id = await send(
    calls.make('attempt', '', {
      orderId: `${calls.prefix}${token}`,
      sellerId: 'seller',
      amount: 10_000,
      currency: 'KRW',
      method: { type: 'card', token },
    }),
  );
  if (token === 'tok_declined') return;
  if (id === undefined) throw new Error('no payment');
  await send(calls.make('capture', id, { amount: 7_000 }));
  await send(calls.make('refund', id, { amount: 4_000, reason: 'fifty' }));
}

async function oneKey(data: string, services: number): Promise<void> {
  const gateway = gatewayInProcess(data);
  const options = { data, service: 'command', env: gateway.env } as const;
  const servers = await Promise.all(
    Array.from({ length: services }, () => ServerProcess.start(options)),
  );
  const calls = new PaymentCalls();
  try {
    const urls = servers.map(({ url }) => url);
    for (const token of TOKENS) await fifty(urls, calls, token);
    expect(calls.heard('REQUEST_IN_PROGRESS')).to.be.greaterThan(0);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const { book } = await judgeAfter(data, gateway, [calls]);
  expect(book.payments.size, 'payments').to.equal(TOKENS.length);
}

describe('fifty clients with one key at once', () => {
  it('are one client, for one command service', () => onFolder((data) => oneKey(data, 1)));

  it('are one client, for two command services on one data folder', () =>
    onFolder((data) => oneKey(data, 2)));
});
