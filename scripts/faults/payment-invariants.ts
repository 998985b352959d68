import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ToldRecord } from '../../shared/adapters/simulator/client.js';
import { isOpen, type BookPayment, type OperationKind, type Place } from './payment-amounts.js';
import type { PaymentBook } from './payment-book.js';

/** An answer that says what became of a command, or that nobody knows yet. */
export type Told = Readonly<{
  status: number;
  body: unknown;
  /** Of the header `ETag`. */
  revision: string;
  replayed: boolean;
}>;

/** A command of a caller on a payment, by its key, and every answer it got but refusals. */
export type AskedFor = Readonly<{ kind: OperationKind; key: string; told: readonly Told[] }>;

const sent = z.object({
  data: z.object({
    id: z.string(),
    revision: z.string(),
    position: z.string(),
    operation: z.string(),
    amounts: z.record(z.string(), z.string()),
  }),
});
const declined = z.object({
  errors: z.tuple([z.object({ field: z.literal('id'), value: z.string() })], z.unknown()),
});

/** What an answer says, held against the log. */
type Read = Readonly<{ operation: string; problems: readonly string[] }>;

/** I1 of one answer: what it says was so, right after the revision that it names. */
function readAnswer({ kind, key }: AskedFor, answer: Told, book: PaymentBook): Read {
  const wrong = (why: string): Read => ({ operation: '', problems: [`${key}: ${why}`] });
  const success = sent.safeParse(answer.body).data?.data;
  const id = success?.id ?? idOfRefused(answer.body);
  if (id === undefined) return wrong(`not understood: ${JSON.stringify(answer.body)}`);
  const place = book.payments.get(id)?.places[Number(answer.revision)];
  if (place === undefined) return wrong(`revision ${answer.revision} of ${id} is lost`);
  // A refusal by the gateway does not say which operation it is about: the revision does.
  const operation = success?.operation ?? place.operation ?? '';
  const status = place.statuses.get(operation) ?? 'absent';
  const problems = success === undefined ? [] : contentProblems(success, answer, place);
  if (book.operations.get(operation)?.kind !== kind) problems.push(`${operation} is no ${kind}`);
  if (!statesOf(answer.status).includes(status)) {
    problems.push(`answered ${answer.status}, and it was ${status}`);
  }
  return { operation, problems: problems.map((problem) => `${key}: ${problem}`) };
}

function idOfRefused(body: unknown): string | undefined {
  return declined.safeParse(body).data?.errors[0].value;
}

function contentProblems(
  { revision, position, amounts }: z.output<typeof sent>['data'],
  answer: Told,
  place: Place,
): string[] {
  const problems: string[] = [];
  if (revision !== answer.revision) problems.push(`ETag ${answer.revision}, body ${revision}`);
  if (position !== place.position) problems.push(`said ${position}, is at ${place.position}`);
  if (!isDeepStrictEqual(amounts, place.amounts)) problems.push('other amounts than in the log');
  return problems;
}

function statesOf(status: number): readonly string[] {
  if (status === 202) return ['started', 'unknown'];
  return status === 402 || status === 502 ? ['failed'] : ['succeeded'];
}

/**
 * I1 and I2: every answer is in the log as it was given; every key has one effect, also where it was
 * asked more than once, and every effect one key. To be called when every key has an answer.
 */
export function answerProblems(asked: readonly AskedFor[], book: PaymentBook): readonly string[] {
  const problems: string[] = [];
  const keys = new Map<string, string>();
  for (const command of asked) {
    const read = command.told.map((answer) => readAnswer(command, answer, book));
    problems.push(...read.flatMap((one) => one.problems));
    const effects = new Set(read.map(({ operation }) => operation));
    if (effects.size > 1) problems.push(`${command.key} had ${effects.size} effects`);
    for (const operation of effects) {
      const other = keys.get(operation);
      if (other !== undefined) problems.push(`${operation}: of ${other} and of ${command.key}`);
      keys.set(operation, command.key);
    }
  }
  for (const { id } of book.operations.values()) {
    if (!keys.has(id) && !id.endsWith('-reversal')) problems.push(`${id}: nobody was told of it`);
  }
  return problems;
}

/**
 * I2: what a key that has an answer is told when it is asked once more. A final answer comes again as
 * it was, for ever; what was in doubt may be known by now.
 */
export function replayProblems({ key, told }: AskedFor, again: Told): readonly string[] {
  const before = told.find(({ status }) => status !== 202) ?? told[0];
  if (before === undefined) return [`${key} was never answered`];
  if (!again.replayed) return [`${key}: asked again, it is not a repetition`];
  if (before.status === 202) return [];
  const same = again.status === before.status && isDeepStrictEqual(dataOf(again), dataOf(before));
  return same ? [] : [`${key}: asked again, ${again.status} ${JSON.stringify(again.body)}`];
}

const withData = z.looseObject({ data: z.unknown().optional() });

/** What has to be the same in a repetition. */
function dataOf({ body }: Told): unknown {
  return withData.safeParse(body).data?.data ?? body;
}

/**
 * I7 in the gateway's own records, and that they and the books agree to the unit. To be called when
 * nothing is in doubt.
 */
export function gatewayProblems(
  records: readonly ToldRecord[],
  book: PaymentBook,
): readonly string[] {
  const seen = new Set(records.map(({ reference }) => reference));
  const unheard = [...book.operations.values()]
    .filter(({ id, status }) => !seen.has(id) && status !== 'failed')
    .map(({ id, status }) => `${id} is ${status}, and the gateway does not know it`);
  const authorizations = records.filter((one) => one.kind === 'authorize' && isDone(one));
  return [
    ...unheard,
    ...records.flatMap((record) => recordProblems(record, book)),
    ...authorizations.flatMap((one) => authorizationProblems(one, records, book)),
    ...[...book.payments.values()].flatMap((payment) => doubled(payment, authorizations)),
  ];
}

function isDone({ decline }: ToldRecord): boolean {
  return decline === undefined;
}

function recordProblems(record: ToldRecord, book: PaymentBook): readonly string[] {
  const { reference, kind, amount, paymentId, occurredAt } = record;
  const operation = book.operations.get(reference);
  if (operation === undefined) return [`the gateway did ${kind} ${reference} without an intent`];
  const problems: string[] = [];
  const expected = isDone(record) ? 'succeeded' : 'failed';
  if (operation.status !== expected) problems.push(`${expected} there, ${operation.status} here`);
  if (operation.amount !== amount) problems.push(`${amount} there, ${operation.amount} here`);
  if (operation.payment !== paymentId) problems.push(`there of payment ${paymentId}`);
  if (occurredAt < operation.startedAt) problems.push('called before its intent was recorded');
  return problems.map((problem) => `${kind} ${reference}: ${problem}`);
}

/** One authorisation there: its own caps, its own sums, and the payment here. */
function authorizationProblems(
  authorization: ToldRecord,
  records: readonly ToldRecord[],
  book: PaymentBook,
): readonly string[] {
  const { amount, captured, voided, refunded, paymentId, captures } = authorization;
  const sum = (kind: ToldRecord['kind']): bigint =>
    records
      .filter((one) => one.authorization === authorization.gatewayId && one.kind === kind)
      .filter(isDone)
      .reduce((total, one) => total + one.amount, 0n);
  const own = [captured, voided, refunded].join(' ');
  const summed = [captures ? amount : sum('capture'), sum('void'), sum('refund')].join(' ');
  const payment = book.payments.get(paymentId);
  const there = [amount, own].join(' ');
  const here = [payment?.authorized, payment?.captured, payment?.voided, payment?.refunded].join(
    ' ',
  );
  return [
    ...(captured + voided <= amount ? [] : [`${paymentId}: more captured there than authorised`]),
    ...(refunded <= captured ? [] : [`${paymentId}: more refunded there than captured`]),
    ...(own === summed ? [] : [`${paymentId}: there ${own}, by its operations ${summed}`]),
    ...(there === here ? [] : [`${paymentId}: there ${there}, here ${here}`]),
  ];
}

function doubled({ id, authorized }: BookPayment, done: readonly ToldRecord[]): readonly string[] {
  const there = done.filter(({ paymentId }) => paymentId === id).length;
  const here = authorized > 0n ? 1 : 0;
  return there === here ? [] : [`${id}: authorised ${there} times there, ${here} times here`];
}

/** What is still open, where nothing may be. */
export function openProblems(book: PaymentBook): readonly string[] {
  return book.open().map(({ id, kind, status }) => `${kind} ${id} is still ${status}`);
}

type Sums = ReadonlyMap<string, Readonly<{ debits: bigint; credits: bigint }>>;

const OF_PAYMENTS = /^(1110|9010|9011|2010|2130):/;
/** Entries that the checks themselves post. */
const MARK = ':mark ';

/**
 * The accounts of payments hold what the gateway's own records say, and nothing else: its receivable
 * is what was captured less what was refunded. To be called when nothing is in doubt.
 * @param sums debits and credits by `account currency`
 */
export function accountProblems(
  sums: Sums,
  records: readonly ToldRecord[],
  book: PaymentBook,
): readonly string[] {
  const expected = new Map<string, bigint>();
  const add = (account: string, amount: bigint): void => {
    expected.set(account, (expected.get(account) ?? 0n) + amount);
  };
  for (const record of records) {
    if (record.kind !== 'authorize' || !isDone(record)) continue;
    const { amount, captured, refunded, voided, currency, paymentId } = record;
    add(`1110:simulator ${currency}`, captured - refunded);
    add(`2010:${book.payments.get(paymentId)?.sellerId ?? '?'} ${currency}`, refunded - captured);
    add(`9010:simulator ${currency}`, amount - captured - voided);
    add(`9011:simulator ${currency}`, captured + voided - amount);
  }
  const names = [...sums.keys()].filter((name) => OF_PAYMENTS.test(name) && !name.includes(MARK));
  return [...new Set([...names, ...expected.keys()])].flatMap((name) => {
    const { debits, credits } = sums.get(name) ?? { debits: 0n, credits: 0n };
    const should = expected.get(name) ?? 0n;
    return debits - credits === should ? [] : [`${name} is ${debits - credits}, not ${should}`];
  });
}

/** Whether everything has an outcome. */
export function isSettled(book: PaymentBook): boolean {
  return ![...book.operations.values()].some(isOpen);
}
