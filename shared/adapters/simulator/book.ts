import type Database from 'better-sqlite3';
import { isCurrency } from '../../ledger/currency.js';
import { MAX_AMOUNT } from '../../ledger/money.js';
import { openBookFile } from './book-file.js';
import { isDeclineName, type DeclineName } from './declines.js';

/** What the simulator was asked for. Amounts are minor units. */
export type BookRequest = Readonly<{
  kind: 'authorize' | 'capture' | 'void' | 'refund';
  reference: string;
  paymentId: string;
  amount: bigint;
  currency: string;
  /** Of an authorisation: whether it captures too. */
  captures: boolean;
  /** The id of the authorisation; of an authorisation, absent. */
  authorization?: string;
  /** Of a refund: what the caller expects to remain refundable. */
  remaining?: bigint;
}>;

/** One operation in the simulator's book. Instants in ms since 1970, by its clock. */
export type SimulatorRecord = Readonly<{
  reference: string;
  kind: BookRequest['kind'];
  paymentId: string;
  /** The simulator's own id of the operation. */
  gatewayId: string;
  /** And of its authorisation. */
  authorization: string;
  captures: boolean;
  amount: bigint;
  currency: string;
  /** Absent: it was done. */
  decline?: DeclineName;
  /** When it was done or declined, which of a late one is still to come. */
  occurredAt: number;
  /** What an inquiry hears before. */
  meanwhile?: 'not-found' | 'pending';
  /** Of an authorisation: until when it can be captured. */
  expiresAt?: number;
  /** Of an authorisation that was done: what became of it so far. */
  captured: bigint;
  voided: bigint;
  refunded: bigint;
}>;

/** What was decided beside the book: the token's doing. */
type Given = Readonly<{
  decline?: DeclineName;
  late?: Readonly<{ ms: number; meanwhile: 'not-found' | 'pending' }>;
}>;

/** `refused`: nothing was written. */
export type Processed =
  | Readonly<{ kind: 'recorded'; record: SimulatorRecord }>
  | Readonly<{ kind: 'refused'; reason: DeclineName }>;

/** How long an authorisation can be captured. */
const AUTHORIZATION_MS = 7 * 24 * 60 * 60 * 1_000;

const ID_PREFIX = 'sim_';
const REFERENCE = /^[A-Za-z0-9._-]{1,64}$/;
const PAGE_ROWS = 1_000n;
const COLUMNS =
  'reference, kind, payment_id, "authorization", captures, amount, currency, decline, ' +
  'occurred_at, meanwhile, captured, voided, refunded';

type Row = {
  reference: string;
  kind: BookRequest['kind'];
  payment_id: string;
  authorization: string;
  captures: bigint;
  amount: bigint;
  currency: string;
  decline: string | null;
  occurred_at: bigint;
  meanwhile: 'not-found' | 'pending' | null;
  captured: bigint;
  voided: bigint;
  refunded: bigint;
};

/**
 * The simulator's book: every operation it was asked for, by the caller's reference, and what became
 * of every authorisation. Durable, and safe with several processes on one file. It keeps its own
 * caps, as a gateway does that trusts nobody, and never processes a reference twice.
 */
export class SimulatorBook {
  readonly #db: Database.Database;
  readonly #find: Database.Statement<[string], Row>;
  readonly #insert: Database.Statement<(string | bigint | null)[]>;
  readonly #change: Database.Statement<[bigint, bigint, bigint, string]>;
  readonly #page: Database.Statement<[string, bigint], Row>;
  readonly #run: (request: BookRequest, given: Given) => Processed;

  /** @throws when the file cannot be opened */
  constructor(
    file: string,
    private readonly clock: () => number,
  ) {
    this.#db = openBookFile(file);
    this.#find = this.#db.prepare(`SELECT ${COLUMNS} FROM operations WHERE reference = ?`);
    this.#insert = this.#db.prepare(
      `INSERT INTO operations (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#change = this.#db.prepare(
      `UPDATE operations SET captured = captured + ?, voided = voided + ?, refunded = refunded + ?
       WHERE reference = ?`,
    );
    this.#page = this.#db.prepare(
      `SELECT ${COLUMNS} FROM operations WHERE reference > ? ORDER BY reference LIMIT ?`,
    );
    const run = this.#db.transaction((request: BookRequest, given: Given) =>
      this.#process(request, given),
    );
    this.#run = (request, given) => run.immediate(request, given);
  }

  /** Does what it is asked for, once, however often it is asked. @throws when the file fails */
  process(request: BookRequest, given: Given): Processed {
    return this.#run(request, given);
  }

  /** The operation with this reference. */
  find(reference: string): SimulatorRecord | undefined {
    const row = this.#find.get(reference);
    return row === undefined ? undefined : recordOf(row);
  }

  /** Every operation, in order of reference; those that come meanwhile may be missing. */
  *records(): Generator<SimulatorRecord, void, void> {
    let after = '';
    for (;;) {
      const rows = this.#page.all(after, PAGE_ROWS);
      for (const row of rows) yield recordOf(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.reference;
    }
  }

  close(): void {
    this.#db.close();
  }

  #process(request: BookRequest, given: Given): Processed {
    const invalid = invalidity(request);
    if (invalid !== undefined) return { kind: 'refused', reason: invalid };
    const before = this.find(request.reference);
    if (before !== undefined) return repeated(request, before);
    if (request.kind === 'authorize') return this.#record(request, given, given.decline);
    const authorization = this.#authorization(request.authorization ?? '');
    if (authorization === undefined) return { kind: 'refused', reason: 'NO_SUCH_AUTHORIZATION' };
    if (authorization.currency !== request.currency) {
      return { kind: 'refused', reason: 'CURRENCY_DIFFERS' };
    }
    const decline = objection(request, authorization, this.clock()) ?? given.decline;
    if (decline === undefined) {
      const { kind, amount } = request;
      const of = (one: BookRequest['kind']): bigint => (kind === one ? amount : 0n);
      this.#change.run(of('capture'), of('void'), of('refund'), authorization.reference);
    }
    return this.#record(request, given, decline);
  }

  #authorization(id: string): SimulatorRecord | undefined {
    if (!id.startsWith(ID_PREFIX)) return undefined;
    const found = this.find(id.slice(ID_PREFIX.length));
    return found?.kind === 'authorize' && found.decline === undefined ? found : undefined;
  }

  #record(request: BookRequest, { late }: Given, decline: DeclineName | undefined): Processed {
    const { reference, kind, paymentId, amount, currency, captures } = request;
    const row: Row = {
      reference,
      kind,
      payment_id: paymentId,
      authorization: authorizationOf(request),
      captures: captures ? 1n : 0n,
      amount,
      currency,
      decline: decline ?? null,
      occurred_at: BigInt(this.clock() + (late?.ms ?? 0)),
      meanwhile: late?.meanwhile ?? null,
      captured: captures && decline === undefined ? amount : 0n,
      voided: 0n,
      refunded: 0n,
    };
    this.#insert.run(
      row.reference,
      row.kind,
      row.payment_id,
      row.authorization,
      row.captures,
      row.amount,
      row.currency,
      row.decline,
      row.occurred_at,
      row.meanwhile,
      row.captured,
      row.voided,
      row.refunded,
    );
    return { kind: 'recorded', record: recordOf(row) };
  }
}

/** Why it cannot take the request at all. */
function invalidity({ reference, amount, currency }: BookRequest): DeclineName | undefined {
  if (!REFERENCE.test(reference)) return 'BAD_REFERENCE';
  if (amount <= 0n || amount > MAX_AMOUNT) return 'BAD_AMOUNT';
  return isCurrency(currency) ? undefined : 'BAD_CURRENCY';
}

function repeated(request: BookRequest, before: SimulatorRecord): Processed {
  const same =
    request.kind === before.kind &&
    request.paymentId === before.paymentId &&
    request.captures === before.captures &&
    authorizationOf(request) === before.authorization;
  if (!same) return { kind: 'refused', reason: 'REFERENCE_REUSED' };
  if (request.amount !== before.amount || request.currency !== before.currency) {
    return { kind: 'refused', reason: 'AMOUNT_CHANGED' };
  }
  return { kind: 'recorded', record: before };
}

/** What stands against an operation on an authorisation. */
function objection(
  { kind, amount, remaining }: BookRequest,
  authorization: SimulatorRecord,
  now: number,
): DeclineName | undefined {
  const { captured, voided, refunded } = authorization;
  const open = authorization.amount - captured - voided;
  switch (kind) {
    case 'authorize':
      return undefined;
    case 'capture':
      if (voided > 0n) return 'AUTHORIZATION_VOIDED';
      if (isExpired(authorization, now)) return 'AUTHORIZATION_EXPIRED';
      return amount > open ? 'ABOVE_AUTHORIZED' : undefined;
    case 'void':
      if (captured > 0n) return 'ALREADY_CAPTURED';
      if (voided > 0n) return 'AUTHORIZATION_VOIDED';
      if (isExpired(authorization, now)) return 'AUTHORIZATION_EXPIRED';
      return amount === open ? undefined : 'NOT_THE_WHOLE';
    case 'refund': {
      const left = captured - refunded - amount;
      if (left < 0n) return 'ABOVE_CAPTURED';
      // More may remain here than the caller expects: it counts refunds that are on their way.
      return remaining !== undefined && left < remaining ? 'REMAINING_DIFFERS' : undefined;
    }
  }
}

/** Whether an authorisation has something left that can no longer be captured. */
export function isExpired(record: SimulatorRecord, now: number): boolean {
  const { amount, captured, voided, expiresAt } = record;
  return expiresAt !== undefined && now >= expiresAt && captured + voided < amount;
}

function authorizationOf({ kind, reference, authorization }: BookRequest): string {
  return kind === 'authorize' ? ID_PREFIX + reference : (authorization ?? '');
}

function recordOf(row: Row): SimulatorRecord {
  const { reference, kind, authorization, amount, currency, captured, voided, refunded } = row;
  const { decline, meanwhile } = row;
  if (decline !== null && !isDeclineName(decline)) throw new Error(`no such decline: ${decline}`);
  const occurredAt = Number(row.occurred_at);
  const captures = row.captures === 1n;
  const expires = kind === 'authorize' && !captures && decline === null;
  return {
    reference,
    kind,
    paymentId: row.payment_id,
    gatewayId: ID_PREFIX + reference,
    authorization,
    captures,
    amount,
    currency,
    ...(decline === null ? {} : { decline }),
    occurredAt,
    ...(meanwhile === null ? {} : { meanwhile }),
    ...(expires ? { expiresAt: occurredAt + AUTHORIZATION_MS } : {}),
    captured,
    voided,
    refunded,
  };
}
