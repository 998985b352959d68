import { preferred } from '../../shared/http/accept.js';
import {
  JSON_TYPE,
  query,
  queryAnswering,
  replyHeaders,
  type Route,
} from '../../shared/http/route.js';
import type { EventItem, Statement } from '../queries/answers.js';
import type { Queries } from '../queries/open.js';
import { asked, found } from './asking.js';
import { statementCsv } from './csv.js';
import { paymentRoutes } from './payment-routes.js';
import { LARGEST_PAGE, PAGE_LIMIT } from './schemas.js';
import * as specs from './specs.js';
import * as wire from './wire.js';

/** The routes of the query service. */
export function queryRoutes(queries: Queries): readonly Route[] {
  return [
    ...asOfRoutes(queries),
    statementRoute(queries),
    ...listRoutes(queries),
    ...audit(queries),
    ...paymentRoutes(queries),
  ];
}

function asOfRoutes(queries: Queries): readonly Route[] {
  return [
    query(specs.balances, ({ params, query: asOf, exchange }) =>
      asked(queries, exchange, async () => {
        const answer = await queries.balances(params.id, asOf);
        return found(wire.sentBalances(answer), answer.asOf.position);
      }),
    ),
    query(specs.trialBalance, ({ query: { prefix, ...asOf }, exchange }) =>
      asked(queries, exchange, async () => {
        const answer = await queries.trialBalance(asOf, prefix);
        return found(wire.sentTrialBalance(answer), answer.asOf.position);
      }),
    ),
  ];
}

function statementRoute(queries: Queries): Route {
  return queryAnswering(specs.statement, async ({ params: { id }, query: wanted, exchange }) => {
    const { limit, ...rest } = wanted;
    const form = preferred(exchange.header('accept'), [JSON_TYPE, specs.CSV]);
    const whole = form === specs.CSV && limit === undefined;
    const size = limit ?? (whole ? LARGEST_PAGE : PAGE_LIMIT);
    const first = await asked(queries, exchange, () =>
      queries.statement(id, { ...rest, limit: size }),
    );
    const headers = replyHeaders({ position: first.asOf.position });
    if (form === JSON_TYPE) {
      exchange.succeed(200, 'found', wire.sentStatement(first), headers);
      return;
    }
    const next = (cursor: string) => queries.statement(id, { ...rest, limit: size, cursor });
    const pages = statementPages(first, whole ? next : undefined);
    await exchange.stream('text/csv; charset=utf-8', statementCsv(pages), headers);
  });
}

async function* statementPages(
  first: Statement,
  next: ((cursor: string) => Promise<Statement>) | undefined,
): AsyncGenerator<Statement> {
  yield first;
  let cursor = first.nextCursor;
  while (cursor !== null && next !== undefined) {
    const page = await next(cursor);
    yield page;
    cursor = page.nextCursor;
  }
}

function listRoutes(queries: Queries): readonly Route[] {
  return [
    query(specs.entry, ({ params, exchange }) =>
      asked(queries, exchange, async (position) => {
        const item = await queries.entry(params.id);
        return { ...found(wire.sentEntry(item), position), revision: item.revision };
      }),
    ),
    query(specs.accounts, ({ query: wanted, exchange }) =>
      asked(queries, exchange, async (position) =>
        found(wire.sentAccounts(await queries.accounts(wanted)), position),
      ),
    ),
    query(specs.journal, ({ query: wanted, exchange }) =>
      asked(queries, exchange, async (position) =>
        found(wire.sentJournal(await queries.journal(wanted)), position),
      ),
    ),
  ];
}

function audit(queries: Queries): readonly Route[] {
  return [
    eventsRoute(queries),
    query(specs.streamEvents, ({ params, query: { cursor, ...wanted }, exchange }) =>
      asked(queries, exchange, async (position) => {
        const from = cursor ?? wanted.from;
        const page = await queries.streamEvents(
          params.stream,
          from === undefined ? wanted : { ...wanted, from },
        );
        return found(wire.sentEvents(page), position);
      }),
    ),
    query(specs.trace, ({ params, exchange }) =>
      asked(queries, exchange, async (position) =>
        found(wire.sentTrace(await queries.trace(params.correlationId)), position),
      ),
    ),
  ];
}

function eventsRoute(queries: Queries): Route {
  return queryAnswering(specs.events, async ({ query: { after, cursor, limit }, exchange }) => {
    const start = cursor ?? after;
    const form = preferred(exchange.header('accept'), [JSON_TYPE, specs.NDJSON]);
    if (form === specs.NDJSON) {
      const position = await asked(queries, exchange, (reached) => Promise.resolve(reached));
      const events = eventsAfter(queries, start, limit);
      await exchange.stream(`${specs.NDJSON}; charset=utf-8`, events, replyHeaders({ position }));
      return;
    }
    await asked(queries, exchange, async (position) => {
      const page = await queries.events(start, limit ?? PAGE_LIMIT);
      exchange.succeed(200, 'found', wire.sentEvents(page), replyHeaders({ position }));
    });
  });
}

/** Events as lines, to the end of the log as it is when the reading comes there. */
async function* eventsAfter(
  queries: Queries,
  start: bigint,
  limit: number | undefined,
): AsyncGenerator<string> {
  let after = start;
  let left = limit ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const page = await queries.events(after, Math.min(left, LARGEST_PAGE));
    if (page.items.length > 0) yield page.items.map(eventLine).join('');
    left -= page.items.length;
    if (page.nextCursor === null || left <= 0) return;
    after = BigInt(page.nextCursor);
  }
}

function eventLine(item: EventItem): string {
  return `${JSON.stringify(wire.sentEvent(item))}\n`;
}
