import type { Route } from './route.js';

/** A route and what its path's parameters are in one request. */
export type Found = Readonly<{ route: Route; params: Readonly<Record<string, string>> }>;

type Template = Readonly<{ route: Route; parts: readonly Part[] }>;
type Part = Readonly<{ text: string } | { parameter: string }>;

/** What stands for itself in a path, so that nothing has to be decoded. */
const PLAIN = /^[A-Za-z0-9._~:@-]+$/;

const NO_PARAMETERS = {};

/**
 * Finds commands by their plain paths. A path that is not plain, for it has a query, an escape or
 * another unusual character, is not found, and left to a router that knows about all that.
 */
export class CommandPaths {
  readonly #exact = new Map<string, Route>();
  /** By the number of parts; in the order of the routes. */
  readonly #templates = new Map<number, Template[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const { method, path } = route.spec;
      if (method !== 'POST') continue;
      if (path.includes('{')) this.#add(route, path.split('/').map(partOf));
      else this.#exact.set(path, route);
    }
  }

  /** The command that a request's target names. */
  find(target: string): Found | undefined {
    const route = this.#exact.get(target);
    if (route !== undefined) return { route, params: NO_PARAMETERS };
    const given = target.split('/');
    for (const template of this.#templates.get(given.length) ?? []) {
      const params = match(template, given);
      if (params !== undefined) return { route: template.route, params };
    }
    return undefined;
  }

  #add(route: Route, parts: readonly Part[]): void {
    const others = this.#templates.get(parts.length) ?? [];
    others.push({ route, parts });
    this.#templates.set(parts.length, others);
  }
}

function partOf(text: string): Part {
  const parameter = /^\{(\w+)\}$/.exec(text)?.[1];
  return parameter === undefined ? { text } : { parameter };
}

function match(
  { parts }: Template,
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const one = given[index] ?? '';
    if ('parameter' in part) {
      if (!PLAIN.test(one)) return undefined;
      params[part.parameter] = one;
    } else if (part.text !== one) return undefined;
  }
  return params;
}
