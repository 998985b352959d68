import { z } from 'zod';

/** The little of the HTTP API that checks need, for a server that is at rest. */

const digits = z.string().regex(/^-?\d+$/);
const trialBalance = z.object({
  data: z.object({
    rows: z.array(z.object({ account: z.string(), debits: digits, credits: digits })),
    totals: z.array(z.object({ currency: z.string(), debits: digits, credits: digits })),
  }),
});
const posted = z.object({ data: z.object({ id: z.string(), position: digits }) });

export type Totals = Readonly<{ debits: bigint; credits: bigint; accounts: number }>;

/** Posts one entry, and answers its position: everything acknowledged before is below it. */
export async function postOne(
  url: string,
  key: string,
  entry: Readonly<{ debit: string; credit: string; amount: string; currency: string }>,
): Promise<bigint> {
  const { amount, currency } = entry;
  const response = await fetch(`${url}/v1/ledger/entries`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({
      description: key,
      legs: [
        { account: entry.debit, side: 'debit', amount, currency },
        { account: entry.credit, side: 'credit', amount, currency },
      ],
    }),
  });
  if (response.status !== 201)
    throw new Error(`${key}: ${response.status} ${await response.text()}`);
  return BigInt(posted.parse(await response.json()).data.position);
}

/** Posts one small entry that no figure counts, to learn how far the log reaches. */
export function markPosition(url: string, key: string): Promise<bigint> {
  return postOne(url, key, {
    debit: '1010:mark',
    credit: '2010:mark',
    amount: '1',
    currency: 'USD',
  });
}

/** Sums of the trial balance in KRW, once the views have reached a position. */
export async function totalsAt(url: string, position: bigint): Promise<Totals> {
  const response = await readAt(`${url}/v1/ledger/trial-balance`, position);
  const { rows, totals } = trialBalance.parse(await response.json()).data;
  const krw = totals.find((total) => total.currency === 'KRW');
  return {
    debits: BigInt(krw?.debits ?? 0),
    credits: BigInt(krw?.credits ?? 0),
    accounts: rows.length,
  };
}

/** Declares a guarded liability code. */
export async function declareGuarded(url: string, code: string): Promise<void> {
  const response = await fetch(`${url}/v1/ledger/accounts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `declare-${code}` },
    body: JSON.stringify({ code, name: code, type: 'liability', guarded: true }),
  });
  if (response.status !== 201 && response.status !== 200) {
    throw new Error(`declare ${code}: ${response.status} ${await response.text()}`);
  }
}

/** GETs as soon as the views have reached a position; each try waits on the server's side. */
export async function readAt(url: string, position: bigint): Promise<Response> {
  for (;;) {
    const response = await fetch(url, { headers: { 'X-Min-Position': String(position) } });
    if (response.status === 200) return response;
    const body = await response.text();
    if (response.status !== 503) throw new Error(`${url}: ${response.status} ${body}`);
  }
}
