import { createHash } from 'node:crypto';
import { QueryRefused } from './answers.js';

/*
 * A cursor is opaque to the caller: where the next page begins, and a digest that ties it to the
 * question it belongs to and finds it changed. It is no secret and grants nothing; the digest has no
 * key, so whoever reads a place has to check what is in it.
 */

/** Numbers of a place: they fit 64 bits, and so does the number after. */
const NUMBER = /^-?\d{1,18}$/;
/** Sums outgrow 64 bits, but not this. */
const SUM = /^-?\d{1,60}$/;

/** Makes the cursor of a question: `question` is everything that was asked but limit and cursor. */
export function sealCursor(question: readonly string[], place: readonly string[]): string {
  const text = JSON.stringify([...place, digest(question, place)]);
  return Buffer.from(text).toString('base64url');
}

/**
 * The place that {@link sealCursor} was given.
 * @throws {QueryRefused} no cursor, a changed one, or one of another question
 */
export function openCursor(question: readonly string[], cursor: string): readonly string[] {
  const parts = textsOf(cursor);
  const place = parts.slice(0, -1);
  if (parts.length > 0 && parts.at(-1) === digest(question, place)) return place;
  throw noCursor(cursor);
}

/**
 * A position, revision, day number or index of a place.
 * @throws {QueryRefused} the text is none
 */
export function numberOf(cursor: string, text: string | undefined): bigint {
  if (text === undefined || !NUMBER.test(text)) throw noCursor(cursor);
  return BigInt(text);
}

/**
 * A sum of amounts of a place, in minor units.
 * @throws {QueryRefused} the text is none
 */
export function sumOf(cursor: string, text: string | undefined): bigint {
  if (text === undefined || !SUM.test(text)) throw noCursor(cursor);
  return BigInt(text);
}

/** The refusal of a cursor that the question did not give. */
export function noCursor(cursor: string): QueryRefused {
  return new QueryRefused(
    'VALIDATION_FAILED',
    'cursor',
    cursor,
    'not a cursor of this question; leave it out to begin at the first page',
  );
}

function digest(question: readonly string[], place: readonly string[]): string {
  const text = JSON.stringify([question, place]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

function textsOf(cursor: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts)) {
      return parts.filter((part): part is string => typeof part === 'string');
    }
  } catch {
    // Not base64url or not JSON: no cursor of ours, which the digest would have said too.
  }
  return [];
}
