import { z } from 'zod';
import { get, type Request } from './asking.js';
import type { System } from './system.js';

const openApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Every route of the three services, like `GET /v1/payments/{id}`, as their documents tell. */
async function documentedRoutes(system: System): Promise<readonly string[]> {
  const routes = new Set<string>();
  for (const service of ['command', 'query', 'projection'] as const) {
    const { text } = await system.ask({ ...get('/openapi.json'), service });
    for (const [path, methods] of Object.entries(openApi.parse(JSON.parse(text)).paths)) {
      for (const method of Object.keys(methods)) routes.add(`${method.toUpperCase()} ${path}`);
    }
  }
  return [...routes];
}

/** The documented routes that none of these requests was sent to. */
export async function routesNotAsked(
  system: System,
  asked: readonly Request[],
): Promise<readonly string[]> {
  const routes = await documentedRoutes(system);
  const reached = new Set(asked.map((request) => routeOf(request, routes)));
  return routes.filter((route) => !reached.has(route));
}

/** A path that is spelled out goes before one with parameters. */
function routeOf({ method, path }: Request, routes: readonly string[]): string | undefined {
  const wanted = `${method} ${path.split('?', 1)[0] ?? ''}`;
  if (routes.includes(wanted)) return wanted;
  return routes.find((route) => patternOf(route).test(wanted));
}

function patternOf(route: string): RegExp {
  const parts = route.split(/\{\w+\}/).map((part) => part.replace(/[.]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]+')}$`);
}
