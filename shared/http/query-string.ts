import { invalid } from './refusal.js';

/**
 * The query of a URL. `+` stays a plus, as in a path: `known=2026-03-31T09:00:00+09:00` is what
 * people type, and no value of ours has a space.
 * @throws {HttpRefusal} VALIDATION_FAILED: a name given twice, or broken percent-encoding
 */
export function readQuery(url: string): Readonly<Record<string, string>> {
  const start = url.indexOf('?');
  if (start === -1 || start === url.length - 1) return {};
  const query = new Map<string, string>();
  for (const pair of url.slice(start + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    if (query.has(name)) throw invalid(name, '', 'is given twice');
    query.set(name, equals === -1 ? '' : decode(pair.slice(equals + 1)));
  }
  return Object.fromEntries(query);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('query', text, 'is not percent-encoded UTF-8');
  }
}
