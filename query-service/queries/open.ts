import type { AccountId } from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import { TRACES_VIEW } from '../../shared/views/traces.js';
import { accounts, type AccountsQuery } from './accounts.js';
import type {
  AccountBalances,
  AccountItem,
  AsOf,
  EventItem,
  JournalItem,
  Page,
  Statement,
  Trace,
  TrialBalance,
} from './answers.js';
import { ledgerCheckpoint } from './as-of.js';
import { balances } from './balances.js';
import { ChainDirectory } from './directory.js';
import { entry } from './entries.js';
import { events, streamEvents, type StreamQuery } from './events.js';
import { journal, type JournalQuery } from './journal.js';
import type { QueryParts } from './parts.js';
import { PositionWatch } from './position-watch.js';
import { statement, type StatementQuery } from './statement.js';
import { trace } from './trace.js';
import { trialBalance } from './trial-balance.js';

/** Every question the ledger answers. Each may throw QueryRefused; see the functions. */
export interface Queries {
  balances(account: AccountId, asOf: AsOf): Promise<AccountBalances>;
  trialBalance(asOf: AsOf, prefix?: string): Promise<TrialBalance>;
  statement(account: AccountId, query: StatementQuery): Promise<Statement>;
  journal(query: JournalQuery): Promise<Page<JournalItem>>;
  entry(id: string): Promise<JournalItem>;
  accounts(query: AccountsQuery): Promise<Page<AccountItem>>;
  trace(correlationId: string): Promise<Trace>;
  events(after: bigint, limit: number): Promise<Page<EventItem>>;
  streamEvents(stream: string, query: StreamQuery): Promise<Page<EventItem>>;
  /** Position that every view has come to. */
  position(): Promise<bigint>;
  /** Waits until every view has come to a position; READ_MODEL_BEHIND if it takes longer. */
  waitFor(position: bigint, timeoutMs: number): Promise<bigint>;
}

/** Opens the queries on views and log. They own neither and close neither. */
export function openQueries(parts: QueryParts): Queries {
  const directory = new ChainDirectory();
  const position = (): Promise<bigint> => parts.views.snapshot(viewsPosition);
  const watch = new PositionWatch(position);
  return {
    balances: (account, asOf) => balances(parts, account, asOf),
    trialBalance: (asOf, prefix) => trialBalance(parts, directory, asOf, prefix),
    statement: (account, query) => statement(parts, account, query),
    journal: (query) => journal(parts, query),
    entry: (id) => entry(parts, id),
    accounts: (query) => accounts(parts, query),
    trace: (correlationId) => trace(parts, correlationId),
    events: (after, limit) => events(parts.log, after, limit),
    streamEvents: (stream, query) => streamEvents(parts.log, stream, query),
    position,
    waitFor: (wanted, timeoutMs) => watch.reached(wanted, timeoutMs),
  };
}

async function viewsPosition(reader: ViewReader): Promise<bigint> {
  const ledger = await ledgerCheckpoint(reader);
  const traces = await reader.checkpoint(TRACES_VIEW);
  return ledger < traces ? ledger : traces;
}
