import type { Answer } from './asking.js';
import { csvRows } from './csv-rows.js';
import { LogNumbers, type Side } from './log-numbers.js';

/*
 * Whether two answers say the same, of two systems that were asked the same. Only these may differ,
 * and each only so that there is one mapping for all answers: positions, which stand for the number
 * of the event; times that a clock gave, which must be those of the same event where the log has
 * them; and ids that were drawn at random. A cursor is opaque: that one is there counts.
 */

type Pair = readonly [one: unknown, other: unknown];

/** Of the connection, or of the length that positions have. */
const OF_THE_MOMENT = new Set([
  'date',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
]);

/** Times that only the log gives. */
const RECORDED = new Set(['recordedAt', 'createdAt', 'changedAt', 'requestedAt', 'resolvedAt']);

/** Positions that an answer reflects, or that were asked for: they may lie between two events. */
const REFLECTED = new Set([
  'x-position',
  'asOf.position',
  'value of X-Min-Position',
  'value of after',
]);

const POSITION = /^\d{1,19}$/;
const PARTS =
  /(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)|(?<clock>\b1\d{12}\b)|(?<position>\bposition[: ]\d{1,19})|(?<id>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b)/g;

const DAY_MS = 86_400_000;
/** The two systems are asked at about the same time. */
const APART_MS = 60_000;

/** Compares the answers of two systems. What was mapped once stays so. */
export class Likeness {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();
  readonly #numbers: readonly [LogNumbers, LogNumbers];

  constructor(
    one: Side,
    other: Side,
    /** Times before are no clock's but a caller's. */
    private readonly began: number,
  ) {
    this.#numbers = [new LogNumbers(one), new LogNumbers(other)];
  }

  /** The first difference of two answers; undefined: they say the same. */
  ofAnswers(one: Answer, other: Answer): string | undefined {
    if (one.status !== other.status) {
      return `status: ${one.status} ${one.text} and ${other.status} ${other.text}`;
    }
    return this.#ofHeaders(one.headers, other.headers) ?? this.#ofBodies(one, other);
  }

  /** The first difference of two values of JSON. */
  ofValues(pair: Pair, field = '', path = ''): string | undefined {
    const [one, other] = pair;
    if (isList(one) && isList(other)) {
      if (one.length !== other.length) {
        return `${path}: ${one.length} and ${other.length} of them: ${shown(pair)}`;
      }
      const values: Iterable<readonly [number, unknown]> = one.entries();
      return first(values, ([index, value]) =>
        this.ofValues([value, other[index]], field, `${path}[${index}]`),
      );
    }
    if (isObject(one) && isObject(other)) return this.#ofObjects(one, other, field, path);
    return this.#sameLeaf(one, other, field) ? undefined : `${path}: ${shown(pair)}`;
  }

  #sameLeaf(one: unknown, other: unknown, field: string): boolean {
    if (typeof one === 'string' && typeof other === 'string') {
      return this.ofTexts(one, other, field);
    }
    // Milliseconds since 1970 are numbers too; how long something has lasted is of the moment.
    if (typeof one === 'number' && typeof other === 'number' && one !== other) {
      return field === 'ageSeconds' || this.ofTexts(String(one), String(other), field);
    }
    return one === other;
  }

  #ofObjects(one: object, other: object, field: string, path: string): string | undefined {
    const names = Object.keys(one).join();
    // The order counts too: the answers are to be the same.
    if (names !== Object.keys(other).join()) {
      return `${path}: ${names} and ${Object.keys(other).join()}`;
    }
    const values = new Map<string, unknown>(Object.entries(other));
    const mine = new Map<string, unknown>(Object.entries(one));
    const about = mine.get('field');
    return first(mine, ([name, value]) =>
      this.ofValues([value, values.get(name)], nameOf(field, name, about), `${path}.${name}`),
    );
  }

  /** Whether two texts say the same, in a field of this name. */
  ofTexts(one: string, other: string, field: string): boolean {
    if (field === 'nextCursor') return true;
    if (isPosition(field) && POSITION.test(one) && POSITION.test(other)) {
      return this.#samePosition(one, other, REFLECTED.has(field));
    }
    if (one.replace(PARTS, '\0') !== other.replace(PARTS, '\0')) return false;
    const others = other.matchAll(PARTS);
    for (const { groups: mine = {} } of one.matchAll(PARTS)) {
      const theirs = others.next().value?.groups ?? {};
      if (!this.#sameParts(mine, theirs, field)) return false;
    }
    return true;
  }

  #sameParts(
    mine: Readonly<Record<string, string | undefined>>,
    theirs: Readonly<Record<string, string | undefined>>,
    field: string,
  ): boolean {
    const { time, clock, position, id } = mine;
    if (time !== undefined) return this.#sameTime([time, theirs['time'] ?? ''], field);
    if (clock !== undefined) {
      return this.#sameTime([instantOf(clock), instantOf(theirs['clock'] ?? '0')], field);
    }
    if (id !== undefined) return this.#sameId(id, theirs['id'] ?? '');
    const numbers = [position ?? '', theirs['position'] ?? ''].map((text) => text.slice(9));
    return this.#samePosition(numbers[0] ?? '', numbers[1] ?? '', true);
  }

  #samePosition(one: string, other: string, between: boolean): boolean {
    if (!POSITION.test(one) || !POSITION.test(other)) return one === other;
    const [mine, theirs] = this.#numbers;
    const [a, b] = [mine.of(BigInt(one)), theirs.of(BigInt(other))];
    // Far beyond both: whoever asked chose the number, and not by the log.
    if (one === other && a.beyond > 0n && b.beyond > 0n) return true;
    return a.number === b.number && a.beyond === b.beyond && (between || (a.exact && b.exact));
  }

  #sameTime([one, other]: readonly [string, string], field: string): boolean {
    const [mine, theirs] = this.#numbers;
    const [a, b] = [mine.at(one), theirs.at(other)];
    if (RECORDED.has(field) && Date.parse(one) >= this.began) {
      return a.some((number) => b.includes(number));
    }
    if (one === other) return true;
    const [when, also] = [Date.parse(one), Date.parse(other)];
    const [since, past] = [when - this.began, also - this.began];
    const sameDay = Math.floor(since / DAY_MS) === Math.floor(past / DAY_MS);
    return since >= 0 && past >= 0 && sameDay && Math.abs(when - also) < APART_MS;
  }

  #sameId(one: string, other: string): boolean {
    const [there, back] = [this.#there.get(one), this.#back.get(other)];
    if (there === undefined && back === undefined) {
      this.#there.set(one, other);
      this.#back.set(other, one);
      return true;
    }
    return there === other && back === one;
  }

  #ofHeaders(one: Answer['headers'], other: Answer['headers']): string | undefined {
    const names = (all: Answer['headers']): string =>
      [...all.keys()].filter((name) => !OF_THE_MOMENT.has(name)).join();
    if (names(one) !== names(other)) return `headers: ${names(one)} and ${names(other)}`;
    return first(one, ([name, value]) => {
      if (OF_THE_MOMENT.has(name)) return undefined;
      const theirs = other.get(name) ?? '';
      return this.ofTexts(value, theirs, name) ? undefined : `${name}: ${value} and ${theirs}`;
    });
  }

  #ofBodies({ headers, text }: Answer, other: Answer): string | undefined {
    const type = headers.get('content-type') ?? '';
    if (type.includes('ndjson')) return this.#ofLines(text, other.text);
    if (type.includes('json')) return this.ofValues([JSON.parse(text), JSON.parse(other.text)]);
    if (type.startsWith('text/csv')) return this.ofValues([csvRows(text), csvRows(other.text)]);
    if (type.startsWith('text/plain')) return this.ofValues([series(text), series(other.text)]);
    return text === other.text ? undefined : `${type}: ${text} and ${other.text}`;
  }

  #ofLines(one: string, other: string): string | undefined {
    const values = (text: string): unknown[] =>
      text.split('\n').map((line): unknown => (line === '' ? '' : JSON.parse(line)));
    return this.ofValues([values(one), values(other)]);
  }
}

/** What a field is called where its parent matters. */
function nameOf(parent: string, name: string, about: unknown): string {
  if (parent === 'asOf') return `asOf.${name}`;
  return name === 'value' && typeof about === 'string' ? `value of ${about}` : name;
}

function isPosition(field: string): boolean {
  return field === 'position' || REFLECTED.has(field);
}

/** Milliseconds since 1970 as the gateway writes them. */
function instantOf(milliseconds: string): string {
  return new Date(Number(milliseconds)).toISOString();
}

/** Names and labels of what we measure; the figures are of the moment. */
function series(text: string): readonly string[] {
  const ours = text.split('\n').filter((line) => /^(# \w+ )?sagae_/.test(line));
  return [...new Set(ours.map((line) => line.replace(/ [^ ]+$/, '')))].sort();
}

function first<T>(
  all: Iterable<T>,
  difference: (one: T) => string | undefined,
): string | undefined {
  for (const one of all) {
    const found = difference(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function shown(pair: Pair): string {
  return pair.map((value) => JSON.stringify(value)).join(' and ');
}
