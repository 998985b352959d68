import { setImmediate as othersTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { Exchange } from '../../shared/http/exchange.js';
import { refusalOf } from '../../shared/http/faults.js';
import { validate } from '../../shared/http/issues.js';
import { parseJson, type ParsedJson } from '../../shared/http/json.js';
import { maskCardNumbers, shown } from '../../shared/mask.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import { checkJson, type Reply } from '../../shared/http/route.js';
import type { Code } from '../../shared/http/statuses.js';
import type { Answer, Ledger, Posted, PostEntry } from '../application/ledger.js';
import { contextOf } from './answers.js';
import {
  batchEntry,
  batchEnvelope,
  entryWithId,
  type batchAnswer,
  type batchResult,
} from './schemas.js';
import { NDJSON } from './specs.js';

type Result = z.output<typeof batchResult>;
type Batch = z.output<typeof batchAnswer>;

/** An entry of the batch: one to post, or one that is rejected before the ledger is asked. */
type Item = Readonly<{ entry: PostEntry }> | Readonly<{ rejected: Result }>;

/** Entries checked in one go, so that other requests get their turn in between. */
const CHECKED_AT_ONCE = 250;

/** Posts a batch. Only what is wrong with the batch as a whole refuses all of it. */
export async function postBatchOf(
  ledger: Ledger,
  call: Readonly<{ text: string; type: string; exchange: Exchange }>,
): Promise<Reply<Batch>> {
  const items = await (call.type === NDJSON ? readLines(call.text) : readEntries(call.text));
  const entries = items.flatMap((item) => ('entry' in item ? [item.entry] : []));
  const answers =
    entries.length === 0 ? [] : await ledger.postEntries(entries, contextOf(call.exchange));
  if (answers.length !== entries.length) throw new Error('the ledger left entries unanswered');
  return replyOf(items, answers);
}

/** The entries of a JSON batch. */
function readEntries(text: string): Promise<readonly Item[]> {
  const { value, fractions } = parseJson(text);
  const { entries } = validate(batchEnvelope, value);
  const firstOf = new Map<unknown, (typeof fractions)[number]>();
  // Such a place begins with `entries` and the index of the entry. One is enough to reject it.
  for (const at of fractions) if (!firstOf.has(at[1])) firstOf.set(at[1], at.slice(2));
  return inSlices(entries, (value, index) => {
    const first = firstOf.get(index);
    return itemOf({ value, fractions: first === undefined ? [] : [first] });
  });
}

/** One entry a line. A line that is no JSON is rejected like an entry that is not valid. */
function readLines(text: string): Promise<readonly Item[]> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  validate(batchEnvelope, { entries: lines });
  return inSlices(lines, (line) => {
    try {
      return itemOf(parseJson(line));
    } catch (error) {
      return { rejected: rejection(null, refusalOf(error)) };
    }
  });
}

async function inSlices<In>(
  all: readonly In[],
  read: (one: In, index: number) => Item,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (const [index, one] of all.entries()) {
    if (index > 0 && index % CHECKED_AT_ONCE === 0) await othersTurn();
    items.push(read(one, index));
  }
  return items;
}

function itemOf(parsed: ParsedJson): Item {
  try {
    return { entry: checkJson(batchEntry, parsed) };
  } catch (error) {
    if (!(error instanceof HttpRefusal)) throw error;
    return { rejected: rejection(idOf(parsed.value), error) };
  }
}

/** The id of an entry that is not valid, as far as it has one. */
function idOf(value: unknown): string | null {
  const id = entryWithId.safeParse(value);
  return id.success ? shown(id.data.id) : null;
}

function replyOf(items: readonly Item[], answers: readonly Answer<Posted>[]): Reply<Batch> {
  const remaining = answers.values();
  const results = items.map((item) =>
    'rejected' in item ? item.rejected : resultOf(item.entry.id, remaining.next().value),
  );
  const count = (status: Result['status']): number =>
    results.filter((result) => result.status === status).length;
  const rejected = count('rejected');
  const position = highest(answers);
  return {
    status: 200,
    message: rejected === 0 ? 'every entry is posted' : `${rejected} entries were rejected`,
    data: {
      accepted: count('accepted'),
      duplicates: count('duplicate'),
      rejected,
      position: position?.toString() ?? null,
      results,
    },
    position,
  };
}

function highest(answers: readonly Answer<Posted>[]): bigint | undefined {
  let position: bigint | undefined;
  for (const answer of answers) {
    if (answer.kind === 'refused') continue;
    if (position === undefined || answer.value.position > position) {
      position = answer.value.position;
    }
  }
  return position;
}

function resultOf(id: string, answer: Answer<Posted> | undefined): Result {
  if (answer === undefined) throw new Error(`the ledger left entry ${id} unanswered`);
  switch (answer.kind) {
    case 'refused':
      return rejection(id, answer.refusal);
    case 'done':
      return {
        id,
        status: answer.replayed ? 'duplicate' : 'accepted',
        position: answer.value.position.toString(),
      };
  }
}

function rejection(id: string | null, refusal: Readonly<{ code: Code; message: string }>): Result {
  const { code, message } = refusal;
  return { id, status: 'rejected', code, message: maskCardNumbers(message) };
}
