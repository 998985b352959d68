import type { Exchange } from '../../shared/http/exchange.js';
import { checkIfMatch } from '../../shared/http/if-match.js';
import { command, commandOfText, type Route } from '../../shared/http/route.js';
import type { Ledger } from '../application/ledger.js';
import { contextOf, replyTo, wireDeclared, wireHeld, wirePosted } from './answers.js';
import { postBatchOf } from './batch.js';
import { requestId } from './idempotency-key.js';
import * as specs from './specs.js';

/** The revision of the event that posted an entry; undefined: there is no such entry. */
export type RevisionOf = (entryId: string) => Promise<bigint | undefined>;

/** The routes of the command service, the busiest first. */
export function commandRoutes(ledger: Ledger, revisionOf: RevisionOf): readonly Route[] {
  return [...entryRoutes(ledger, revisionOf), accountRoute(ledger), ...holdRoutes(ledger)];
}

function entryRoutes(ledger: Ledger, revisionOf: RevisionOf): readonly Route[] {
  const { postEntry, postBatch, reverseEntry } = specs;
  return [
    command(postEntry, async ({ body, exchange }) => {
      const id = requestId(exchange, 'POST /v1/ledger/entries');
      const answer = await ledger.postEntry({ id, ...body }, contextOf(exchange));
      return replyTo(answer, 201, 'entry posted', wirePosted);
    }),
    commandOfText(postBatch, (call) => postBatchOf(ledger, call)),
    command(reverseEntry, async ({ params: { id }, body, exchange }) => {
      const commandId = requestId(exchange, `POST /v1/ledger/entries/${id}/reversal`);
      await checkRevision(exchange, id, revisionOf);
      const answer = await ledger.reverseEntry({ id, commandId, ...body }, contextOf(exchange));
      return replyTo(answer, 201, 'entry reversed', wirePosted);
    }),
  ];
}

/** What was posted never changes, so nothing can come between this check and the reversal. */
async function checkRevision(exchange: Exchange, id: string, revisionOf: RevisionOf) {
  const header = exchange.header('If-Match');
  if (header !== undefined) checkIfMatch(header, await revisionOf(id));
}

function accountRoute(ledger: Ledger): Route {
  return command(specs.declareAccount, async ({ body, exchange }) => {
    const { code, name, type, guarded = false, floor = 0n, currencies = [] } = body;
    const definition = { code, name, type, guarded, floor, currencies };
    const answer = await ledger.declareAccount(definition, contextOf(exchange));
    const reply = replyTo(answer, 201, 'account declared', wireDeclared);
    // The same declaration again is no replay of a request, it is simply so already.
    return reply.replayed === true ? { ...reply, status: 200, replayed: false } : reply;
  });
}

function holdRoutes(ledger: Ledger): readonly Route[] {
  const { placeHold, settleHold, releaseHold } = specs;
  const closed = (account: string, id: string, how: string): string =>
    `POST /v1/ledger/holds/${account}/${id}/${how}`;
  return [
    command(placeHold, async ({ body, exchange }) => {
      const id = requestId(exchange, 'POST /v1/ledger/holds');
      const answer = await ledger.placeHold({ id, ...body }, contextOf(exchange));
      return replyTo(answer, 201, 'money held', wireHeld);
    }),
    command(settleHold, async ({ params, body, exchange }) => {
      const commandId = requestId(exchange, closed(params.account, params.id, 'settle'));
      const answer = await ledger.settleHold(
        { ...params, ...body, commandId },
        contextOf(exchange),
      );
      return replyTo(answer, 200, 'hold settled', wireHeld);
    }),
    command(releaseHold, async ({ params, exchange }) => {
      const commandId = requestId(exchange, closed(params.account, params.id, 'release'));
      const answer = await ledger.releaseHold({ ...params, commandId }, contextOf(exchange));
      return replyTo(answer, 200, 'hold released', wireHeld);
    }),
  ];
}
