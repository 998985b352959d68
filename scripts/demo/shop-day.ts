import { setTimeout as pauseFor } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';
import { ShopClient } from './shop-client.js';
import { CURRENCY, type Plan } from './shop-plan.js';
import { Visit } from './shop-visit.js';

/** What was in doubt so many ms after the day began. */
export type Sample = Readonly<{ ms: number; amount: bigint; count: number }>;

export type Day = Readonly<{
  /** In order of time; nothing is in doubt in the last. */
  samples: readonly Sample[];
  /** How long the shop was open, in ms; what came after was waiting for outcomes. */
  openMs: number;
  /** The first order, whose story is told. */
  told: Readonly<{ orderId: string; paymentId: string }>;
  turnedAway: number;
}>;

const AT_ONCE = 32;
const LOOK_EVERY_MS = 200;
/** How long an order that waits is left alone before it is looked at again. */
const PATIENCE_MS = 500;
/** A day that takes longer has something in doubt that nobody finds out about. */
const LONGEST_MS = 120_000;

const inDoubtShape = z.object({
  totals: z.array(
    z.object({
      currency: z.string(),
      amount: z.string().transform((text) => BigInt(text)),
      count: z.string().transform(Number),
    }),
  ),
});

/**
 * Runs the orders of a day through the API, many at once, until each has come to its end and nothing
 * is in doubt.
 * @throws Error when that takes too long, or the server answers what a shop cannot act on
 */
export async function runDay(
  reader: Client,
  plans: readonly Plan[],
  onProgress: (finished: number) => void,
): Promise<Day> {
  const shop = new ShopClient(reader.url);
  const visits = plans.map((plan) => new Visit(plan, shop, reader));
  const began = performance.now();
  const samples: Sample[] = [];
  const look = async (atLeast = 0n): Promise<bigint> => {
    const { totals } = await reader.get('/v1/payments/in-doubt?limit=1', inDoubtShape, atLeast);
    const { amount = 0n, count = 0 } = totals.find((one) => one.currency === CURRENCY) ?? {};
    samples.push({ ms: performance.now() - began, amount, count });
    return amount;
  };
  const counter = new AbortController();
  const looking = lookOn(look, counter.signal);
  let openMs: number;
  try {
    await serveAll(visits, onProgress);
    openMs = performance.now() - began;
  } finally {
    counter.abort();
    await looking;
  }
  while ((await look(shop.position)) > 0n) {
    if (performance.now() - began > LONGEST_MS) throw new Error('something stays in doubt');
    await pauseFor(LOOK_EVERY_MS);
  }
  const [{ orderId } = { orderId: '' }] = plans;
  const paymentId = visits[0]?.paymentId;
  if (paymentId === undefined) throw new Error('the first order was never paid');
  return { samples, openMs, told: { orderId, paymentId }, turnedAway: shop.turnedAway };
}

async function lookOn(look: () => Promise<bigint>, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await look();
    await pauseFor(LOOK_EVERY_MS);
  }
}

/** Takes every visit to its end. Those that wait are looked at again between the others. */
async function serveAll(
  visits: readonly Visit[],
  onProgress: (finished: number) => void,
): Promise<void> {
  const fresh = visits.values();
  const waiting: { visit: Visit; ripe: number }[] = [];
  const began = performance.now();
  let finished = 0;
  const next = (): Visit | undefined => {
    const [first] = waiting;
    if (first !== undefined && first.ripe <= performance.now()) return waiting.shift()?.visit;
    return fresh.next().value;
  };
  const serve = async (): Promise<void> => {
    while (finished < visits.length) {
      if (performance.now() - began > LONGEST_MS)
        throw new Error('some orders never come to an end');
      const visit = next();
      if (visit === undefined) {
        await pauseFor(LOOK_EVERY_MS);
      } else if ((await visit.go()) === 'waits') {
        waiting.push({ visit, ripe: performance.now() + PATIENCE_MS });
      } else {
        finished += 1;
        onProgress(finished);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, serve));
}
