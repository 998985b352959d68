import { query, type Route } from '../../shared/http/route.js';
import type { Queries } from '../queries/open.js';
import { asked, askedOfLog, found } from './asking.js';
import * as specs from './payment-specs.js';
import * as sent from './payment-wire.js';
import { sentEvents, sentJournal } from './wire.js';

/** Questions about payments. `in-doubt` comes before what would take it for an id. */
export function paymentRoutes(queries: Queries): readonly Route[] {
  return [...lists(queries), onePayment(queries), ...partsOfOne(queries)];
}

function lists(queries: Queries): readonly Route[] {
  return [
    query(specs.payments, ({ query: wanted, exchange }) =>
      asked(queries, exchange, async (position) =>
        found(sent.sentPayments(await queries.payments(wanted)), position),
      ),
    ),
    query(specs.inDoubt, ({ query: wanted, exchange }) =>
      asked(queries, exchange, async (position) =>
        found(sent.sentInDoubt(await queries.paymentsInDoubt(wanted)), position),
      ),
    ),
  ];
}

function onePayment(queries: Queries): Route {
  return query(specs.payment, ({ params, query: wanted, exchange }) =>
    askedOfLog(queries, exchange, async () => {
      const answer = await queries.payment(params.id, wanted);
      const { revision } = answer.payment;
      return { ...found(sent.sentPayment(answer), answer.asOf.position), revision };
    }),
  );
}

function partsOfOne(queries: Queries): readonly Route[] {
  return [
    query(specs.paymentEvents, ({ params, query: { cursor, ...wanted }, exchange }) =>
      askedOfLog(queries, exchange, async () => {
        const from = cursor ?? wanted.from;
        const range = from === undefined ? wanted : { ...wanted, from };
        const page = await queries.paymentEvents(params.id, range);
        return found(sentEvents(page), page.position);
      }),
    ),
    query(specs.paymentEntries, ({ params, query: wanted, exchange }) =>
      askedOfLog(queries, exchange, async () => {
        const page = await queries.paymentEntries(params.id, wanted);
        return found(sentJournal(page), page.position);
      }),
    ),
    query(specs.paymentHistory, ({ params, query: wanted, exchange }) =>
      askedOfLog(queries, exchange, async () => {
        const page = await queries.paymentHistory(params.id, wanted);
        return found(sent.sentHistory(page), page.position);
      }),
    ),
  ];
}
