import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { batchAnswer } from '../../command-service/http/schemas.js';
import type { Answer, PostEntry, Posted } from '../../command-service/application/ledger.js';
import { openLedger } from '../../command-service/application/open-ledger.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import { z } from 'zod';
import type { Outcome, Sink } from './importer.js';

const CONTEXT_ACTOR = 'import';

/** Opens the ledger on a log in this process, also beside a running server. Closes the log. */
export async function withLedgerSink<Result>(
  store: EventStore,
  zone: string,
  work: (sink: Sink) => Promise<Result>,
): Promise<Result> {
  try {
    const ledger = await openLedger({
      store,
      clock: Date.now,
      ids: randomUUID,
      zone,
    });
    const context = { actor: CONTEXT_ACTOR, correlationId: `import-${randomUUID()}` };
    try {
      return await work(async (entries) =>
        (await ledger.postEntries(entries, context)).map(outcomeOf),
      );
    } finally {
      await ledger.close();
    }
  } finally {
    await store.close();
  }
}

function outcomeOf(answer: Answer<Posted>): Outcome {
  if (answer.kind === 'refused') {
    const { code, message, errors } = answer.refusal;
    const [first] = errors;
    const where = first === undefined ? '' : ` (${first.field} ${first.value})`;
    return { kind: 'refused', refusal: { code, message: `${message}${where}` } };
  }
  const { replayed, value } = answer;
  return { kind: replayed ? 'duplicate' : 'accepted', position: value.position };
}

/** Times a batch is sent, when the server is busy, starting, or out of reach. */
const ATTEMPTS = 8;

const success = z.object({ data: batchAnswer });
const failure = z.object({ code: z.string(), message: z.string() });

/**
 * Sends batches to a server. Sending again is safe, since an entry's id is its key.
 * @param key secret of an API key, where the server asks for one
 */
export function serverSink(url: string, key?: string): Sink {
  const headers = {
    'content-type': 'application/json',
    'x-correlation-id': `import-${randomUUID()}`,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  return async (entries) => {
    const body = JSON.stringify({ entries: entries.map(wireEntry) });
    const answer = await send(`${url}/v1/ledger/entries/batch`, { headers, body });
    return answer.results.map((result): Outcome => {
      const { status, position, code = 'REJECTED', message = '' } = result;
      if (status === 'rejected') return { kind: 'refused', refusal: { code, message } };
      return { kind: status, position: BigInt(position ?? 0) };
    });
  };
}

type Wire = Readonly<{ headers: Record<string, string>; body: string }>;

async function send(url: string, wire: Wire): Promise<z.infer<typeof batchAnswer>> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, { method: 'POST', ...wire }).catch((cause: unknown) => {
      if (attempt < ATTEMPTS) return undefined;
      throw new Error(`${url} cannot be reached`, { cause });
    });
    const retry = response === undefined || [429, 503].includes(response.status);
    if (response?.ok === true) return success.parse(await response.json()).data;
    if (response !== undefined && (!retry || attempt >= ATTEMPTS)) {
      const problem = failure.safeParse(await response.json().catch(() => undefined));
      const what = problem.success ? `${problem.data.code}: ${problem.data.message}` : 'no JSON';
      throw new Error(`the server answered ${response.status}, ${what}`);
    }
    await pause(Math.min(2 ** attempt * 50, 3000));
  }
}

function wireEntry({ occurredAt, legs, ...entry }: PostEntry): object {
  return {
    ...entry,
    ...(occurredAt === undefined ? {} : { occurredAt: new Date(occurredAt).toISOString() }),
    legs: legs.map((leg) => ({ ...leg, amount: leg.amount.toString() })),
  };
}
