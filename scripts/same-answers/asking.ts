/** A request as it can be sent to either system. */
export type Request = Readonly<{
  service: 'command' | 'query' | 'projection';
  method: 'GET' | 'POST';
  /** With the query string. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}>;

/** What came back, as it came. */
export type Answer = Readonly<{
  status: number;
  headers: ReadonlyMap<string, string>;
  text: string;
}>;

/** An event of a system's log, as its own API lists it. */
export type LoggedEvent = Readonly<{
  position: bigint;
  /** As it is sent, RFC 3339. */
  recordedAt: string;
  stream: string;
  type: string;
}>;

/** What a request may depend on: positions and cursors are a system's own. */
export interface Seen {
  /** Every event of the log so far, in order. */
  readonly events: readonly LoggedEvent[];
  /** An earlier answer that was kept under a name. @throws there is none */
  kept(name: string): Answer;
}

/** One thing to ask both systems. */
export type Step = Readonly<{
  /** Undefined: there is nothing to ask, and there must not be in the other system either. */
  ask: (seen: Seen) => Request | undefined;
  /** Keeps the answer under this name. */
  keep?: string;
  /** What goes on in the background is awaited until the log says so. */
  until?: (seen: Seen) => boolean;
}>;

type Headers = Readonly<Record<string, string>>;

/** A command. A body that is not a text is sent as JSON. */
export function post(path: string, body?: unknown, headers: Headers = {}): Request {
  const given = body === undefined ? {} : { body: textOf(body) };
  const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return { service: 'command', method: 'POST', path, headers: { ...type, ...headers }, ...given };
}

/** A command with a key. */
export function keyed(key: string, path: string, body: unknown, headers: Headers = {}): Request {
  return post(path, body, { 'Idempotency-Key': key, ...headers });
}

/** A question. */
export function get(path: string, headers: Headers = {}): Request {
  return { service: 'query', method: 'GET', path, headers };
}

/** A step that does not depend on what was answered before. */
export function step(request: Request, keep?: string): Step {
  return { ask: () => request, ...(keep === undefined ? {} : { keep }) };
}

/** The position of an event, counted from 1; 0 is the beginning, beyond the last is beyond the head. */
export function positionOf({ events }: Seen, number: number): bigint {
  if (number <= 0) return 0n;
  const last = events.at(-1)?.position ?? 0n;
  return events[number - 1]?.position ?? last + BigInt(number - events.length);
}

/** A value in the JSON of a kept answer, as text; undefined where it is null or not there. */
export function keptText(
  seen: Seen,
  name: string,
  ...path: readonly (string | number)[]
): string | undefined {
  let at: unknown = JSON.parse(seen.kept(name).text);
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.entries(at).find(([key]) => key === String(part))?.[1];
  }
  return typeof at === 'string' ? at : undefined;
}

/**
 * A list page by page: the first page, and so many times the page after.
 * @param path without cursor, with or without a query string
 */
export function pages(name: string, path: string, most: number): readonly Step[] {
  const mark = path.includes('?') ? '&' : '?';
  const next: Step = {
    keep: name,
    ask: (seen) => {
      const cursor = keptText(seen, name, 'data', 'nextCursor');
      return cursor === undefined ? undefined : get(`${path}${mark}cursor=${cursor}`);
    },
  };
  return [step(get(path), name), ...new Array<Step>(most).fill(next)];
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
