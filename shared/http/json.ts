import { HttpRefusal, invalid } from './refusal.js';

/** Deepest nesting of a body. */
const MAX_DEPTH = 16;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Where in a JSON value: keys and indexes from the outside in. */
type Path = readonly (string | number)[];

/**
 * JSON from outside. `fractions` are the places of numbers written with a point or an exponent,
 * which JSON.parse may have rounded to whole ones.
 */
export type ParsedJson = Readonly<{ value: unknown; fractions: readonly Path[] }>;

/**
 * Reads JSON from outside. Beyond what JSON.parse checks, it refuses what could be read in two
 * ways: a key given twice, keys that reach into prototypes, and nesting deeper than any body of
 * ours.
 * @throws {HttpRefusal} MALFORMED_JSON or VALIDATION_FAILED
 */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpRefusal('MALFORMED_JSON', `the body is not JSON${placeOf(error)}`);
  }
  return { value, fractions: inspect(text) };
}

/** JSON.parse's own message repeats some of the text, which may be private: only the place is. */
function placeOf(error: unknown): string {
  const place = error instanceof Error ? /at position (\d+)/.exec(error.message) : null;
  return place === null ? '' : `: broken at character ${Number(place[1]) + 1}`;
}

/** An object or array that is open at some place of the text. */
type Open = { readonly keys: Set<string> | undefined; at: string | number };

/** One pass over a text known to be JSON. */
function inspect(text: string): readonly Path[] {
  const open: Open[] = [];
  const fractions: Path[] = [];
  let stringStart = 0;
  let stringEnd = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        stringStart = at + 1;
        at = stringEnd = endOfString(text, stringStart);
        break;
      case 0x3a: // :
        addKey(open.at(-1), text.slice(stringStart, stringEnd));
        break;
      case 0x2c: // ,
        nextItem(open.at(-1));
        break;
      case 0x7b: // {
        push(open, { keys: new Set(), at: '' });
        break;
      case 0x5b: // [
        push(open, { keys: undefined, at: 0 });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case 0x2e: // .
      case 0x45: // E
      case 0x65: // e, which also ends true and false
        if (isDigit(text.charCodeAt(at - 1))) fractions.push(open.map((place) => place.at));
        break;
    }
  }
  return fractions;
}

function push(open: Open[], place: Open): void {
  open.push(place);
  if (open.length > MAX_DEPTH) throw invalid('body', '', `is nested deeper than ${MAX_DEPTH}`);
}

function nextItem(place: Open | undefined): void {
  if (place !== undefined && typeof place.at === 'number') place.at++;
}

function addKey(place: Open | undefined, raw: string): void {
  const keys = place?.keys;
  if (place === undefined || keys === undefined) throw new Error('a key outside of an object');
  const key = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
  if (FORBIDDEN_KEYS.has(key)) throw invalid(key, '', 'is not a name a field may have');
  if (keys.has(key)) throw invalid(key, '', 'is given twice');
  keys.add(key);
  place.at = key;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  throw new Error('a string of a JSON text does not end');
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
