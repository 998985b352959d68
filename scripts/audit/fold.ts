/*
 * The auditor's fold: the books recomputed from the stored texts alone. On purpose it knows nothing
 * of the kernel, the codecs or the views it checks: JSON, two sides, and addition.
 */

/** A stored event as the fold needs it. */
export type RawEvent = Readonly<{
  position: number;
  type: string;
  recordedAt: number;
  data: string;
  metadata: string;
}>;

/** Fold what is effective up to this day, included. */
export type FoldLimits = Readonly<{ effective?: string }>;

export type AccountKind = 'asset' | 'liability' | 'equity' | 'revenue' | 'expense' | 'memo';
type Declared = Readonly<{ name: string; type: AccountKind }>;

/** Minor units. */
export type Sums = { debits: bigint; credits: bigint };

/** The log says something that no books can be made of. */
export class AuditFailed extends Error {
  override readonly name = 'AuditFailed';
  constructor(
    readonly position: number,
    readonly reason: string,
  ) {
    super(`event at position ${position}: ${reason}`);
  }
}

type RawLeg = Readonly<{ account: string; side: Side; amount: string; currency: string }>;
type Side = 'debit' | 'credit';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const AMOUNT = /^[1-9][0-9]{0,18}$/;

/** Sums debits and credits per account and currency, and checks each entry on the way. */
export class Fold {
  /** Account → currency → sums. */
  readonly sums = new Map<string, Map<string, Sums>>();
  readonly declared = new Map<string, Declared>();
  events = 0;
  entries = 0;

  constructor(private readonly limits: FoldLimits = {}) {}

  /** @throws {AuditFailed} the event cannot be read, or its entry does not balance */
  add(event: RawEvent): void {
    this.events++;
    const data = parseObject(event, event.data);
    if ('entry' in data) this.addEntry(event, data['entry']);
    else if (event.type === 'AccountDeclared') this.declare(event, data);
  }

  private addEntry(event: RawEvent, entry: unknown): void {
    const legs = readLegs(event, entry);
    checkBalance(event, legs);
    const day = parseObject(event, event.metadata)['effectiveDate'];
    if (typeof day !== 'string' || !DAY.test(day)) {
      throw new AuditFailed(event.position, 'its effective date is not a day');
    }
    this.entries++;
    if (this.limits.effective !== undefined && day > this.limits.effective) return;
    for (const leg of legs) {
      const sums = this.sumsOf(leg.account, leg.currency);
      if (leg.side === 'debit') sums.debits += BigInt(leg.amount);
      else sums.credits += BigInt(leg.amount);
    }
  }

  private declare(event: RawEvent, data: Readonly<Record<string, unknown>>): void {
    const { code, name, type } = data;
    if (typeof code !== 'string' || typeof name !== 'string' || !isKind(type)) {
      throw new AuditFailed(event.position, 'it does not declare an account');
    }
    this.declared.set(code, { name, type });
  }

  sumsOf(account: string, currency: string): Sums {
    let currencies = this.sums.get(account);
    if (currencies === undefined) {
      currencies = new Map<string, Sums>();
      this.sums.set(account, currencies);
    }
    let sums = currencies.get(currency);
    if (sums === undefined) {
      sums = { debits: 0n, credits: 0n };
      currencies.set(currency, sums);
    }
    return sums;
  }

  /** Adds what another fold found in another part of the log. */
  merge(other: FoldResult): void {
    this.events += other.events;
    this.entries += other.entries;
    for (const [code, declared] of other.declared) this.declared.set(code, declared);
    for (const [account, currencies] of other.sums) {
      for (const [currency, { debits, credits }] of currencies) {
        const sums = this.sumsOf(account, currency);
        sums.debits += debits;
        sums.credits += credits;
      }
    }
  }

  /** What can be sent from one thread to another. */
  result(): FoldResult {
    const { events, entries, declared, sums } = this;
    return { events, entries, declared, sums };
  }
}

export type FoldResult = Readonly<{
  events: number;
  entries: number;
  declared: ReadonlyMap<string, Declared>;
  sums: ReadonlyMap<string, ReadonlyMap<string, Readonly<Sums>>>;
}>;

function parseObject(event: RawEvent, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AuditFailed(event.position, 'its text is not JSON');
  }
  if (!isObject(value)) throw new AuditFailed(event.position, 'its text is no JSON object');
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readLegs(event: RawEvent, entry: unknown): readonly RawLeg[] {
  const legs: unknown = isObject(entry) ? entry['legs'] : undefined;
  if (!Array.isArray(legs) || legs.length < 2 || !legs.every(isLeg)) {
    throw new AuditFailed(event.position, 'its entry has not the form of one');
  }
  return legs;
}

function isLeg(value: unknown): value is RawLeg {
  return (
    isObject(value) &&
    typeof value['account'] === 'string' &&
    (value['side'] === 'debit' || value['side'] === 'credit') &&
    typeof value['amount'] === 'string' &&
    AMOUNT.test(value['amount']) &&
    typeof value['currency'] === 'string'
  );
}

function checkBalance(event: RawEvent, legs: readonly RawLeg[]): void {
  const [first, second] = legs;
  if (legs.length === 2 && first !== undefined && second !== undefined) {
    // Two legs, by far the most: equal texts are equal amounts.
    const even =
      first.amount === second.amount &&
      first.currency === second.currency &&
      first.side !== second.side;
    if (even) return;
  }
  const differences = new Map<string, bigint>();
  for (const leg of legs) {
    const amount = leg.side === 'debit' ? BigInt(leg.amount) : -BigInt(leg.amount);
    differences.set(leg.currency, (differences.get(leg.currency) ?? 0n) + amount);
  }
  for (const [currency, difference] of differences) {
    if (difference === 0n) continue;
    const reason = `debits and credits differ by ${difference} minor units of ${currency}`;
    throw new AuditFailed(event.position, reason);
  }
}

const KINDS: readonly unknown[] = ['asset', 'liability', 'equity', 'revenue', 'expense', 'memo'];

function isKind(value: unknown): value is AccountKind {
  return KINDS.includes(value);
}
