import type { z } from 'zod';
import { HttpRefusal, type FieldError } from './refusal.js';

const MAX_ERRORS = 20;

/** Of a check whose input is not repeated to the caller. */
export const SECRET = { secret: true } as const;

/**
 * The value a schema makes of an input from outside. A refusal repeats what was sent, except where
 * the check that failed has `params: SECRET`.
 * @param root what the paths of the fields begin with, '' for the fields of a body
 * @throws {HttpRefusal} VALIDATION_FAILED naming every field that is wrong
 */
export function validate<T>(schema: z.ZodType<T>, input: unknown, root = ''): T {
  const checked = schema.safeParse(input);
  if (checked.success) return checked.data;
  // Only now with the values of the fields: noting them costs the many that are valid a quarter more.
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) throw new Error('a value is valid only the second time it is checked');
  const errors = fieldErrors(parsed.error.issues, root);
  throw new HttpRefusal('VALIDATION_FAILED', summary(errors), errors);
}

/** What is wrong, in one line. */
function summary(errors: readonly FieldError[]): string {
  const [first] = errors;
  if (first === undefined) return 'the request is not valid';
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  return `${first.field}: ${first.reason}${more}`;
}

/** The errors of a failed validation, each under the path of its field. */
function fieldErrors(issues: readonly z.core.$ZodIssue[], root = ''): readonly FieldError[] {
  return issues.flatMap((issue) => errorsOf(issue, root)).slice(0, MAX_ERRORS);
}

function errorsOf(issue: z.core.$ZodIssue, root: string): readonly FieldError[] {
  const field = pathText(issue.path, root);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: pathText([...issue.path, key], root),
      value: '',
      reason: 'is not a field of this request',
    }));
  }
  const missing = issue.input === undefined;
  const secret = issue.code === 'custom' && issue.params?.['secret'] === true;
  return [
    {
      field: field === '' ? 'body' : field,
      value: secret ? '' : asText(issue.input),
      reason: missing ? 'is required' : issue.message,
    },
  ];
}

/** A place in a body, like `legs[0].amount`. */
export function pathText(path: readonly PropertyKey[], root = ''): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, root);
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  // A check that comes after a transformation sees what it made, such as a bigint.
  if (typeof value === 'bigint') return value.toString();
  // Among the fields of what should be no object may be some that must not be repeated.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[…]' : '{…}';
  return value === undefined ? '' : JSON.stringify(value);
}
