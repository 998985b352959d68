import { setTimeout as moment } from 'node:timers/promises';
import { z } from 'zod';
import type { World } from './world.js';

/** Nobody waits longer than this for anything here: whatever takes longer is broken. */
const LIMIT_MS = 30_000;
const EVERY_MS = 10;

const posted = z.object({ data: z.object({ position: z.string() }) });

/**
 * Resolves when everything works again: a new command is acknowledged, what it did can be read, and
 * the relay has published all there is. Answers how long each took from `since`, in ms.
 * @param since a time of `performance.now()`
 * @throws when something of it takes longer than {@link LIMIT_MS}
 */
export async function recovered(world: World, key: string, since: number): Promise<Recovery> {
  const deadline = since + LIMIT_MS;
  const position = await until('a command', deadline, () => post(world, key));
  const command = performance.now() - since;
  const read = until('a query', deadline, () => readable(world, position));
  const relay = until('the relay', deadline, () => relayed(world));
  const [query, published] = await Promise.all([
    read.then(() => performance.now() - since),
    relay.then(() => performance.now() - since),
  ]);
  return { command, query, relay: published };
}

export type Recovery = Readonly<{ command: number; query: number; relay: number }>;

async function post(world: World, key: string): Promise<string | undefined> {
  const leg = { account: '1010:mark', amount: '1', currency: 'USD' };
  const legs = [
    { ...leg, side: 'debit' },
    { ...leg, account: '2010:mark', side: 'credit' },
  ];
  const response = await fetch(`${world.url('command')}/v1/ledger/entries`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ description: key, legs }),
  });
  const body: unknown = await response.json();
  if (response.status === 201) return posted.parse(body).data.position;
  if (response.status === 503 || response.status === 409) return undefined;
  throw new Error(`${key}: ${response.status} ${JSON.stringify(body)}`);
}

async function readable(world: World, position: string): Promise<true | undefined> {
  const response = await fetch(`${world.url('query')}/v1/ledger/trial-balance`, {
    headers: { 'X-Min-Position': position },
  });
  const body = await response.text();
  if (response.status === 200) return true;
  if (response.status === 503) return undefined;
  throw new Error(`trial balance: ${response.status} ${body}`);
}

/** Whether the relay has no event before it. */
async function relayed(world: World): Promise<true | undefined> {
  const response = await fetch(`${world.url('projection')}/metrics`);
  const text = await response.text();
  if (response.status !== 200) return undefined;
  const [, behind] = /^sagae_\w+_lag_positions\{[^}]*view="relay"[^}]*\} (\d+)$/m.exec(text) ?? [];
  if (behind === undefined) throw new Error('the relay tells nothing of its lag');
  return behind === '0' ? true : undefined;
}

/** Tries until there is an answer. @throws when there is none in time */
async function until<T>(
  what: string,
  deadline: number,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  while (performance.now() < deadline) {
    const answer = await attempt();
    if (answer !== undefined) return answer;
    await moment(EVERY_MS);
  }
  throw new Error(`${what} did not work again within ${LIMIT_MS} ms`);
}
