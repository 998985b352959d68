import type { AccountId } from '../../shared/ledger/account.js';
import type { ViewReader } from '../../shared/ports/view-store.js';
import type { Payment } from '../../shared/payments/payment.js';
import { TRACES_VIEW } from '../../shared/views/traces.js';
import { accounts, type AccountsQuery } from './accounts.js';
import {
  QueryRefused,
  type AccountBalances,
  type AccountItem,
  type AsOf,
  type EventItem,
  type JournalItem,
  type Page,
  type Statement,
  type Trace,
  type TrialBalance,
} from './answers.js';
import { ownCheckpoint } from './as-of.js';
import { balances } from './balances.js';
import { ChainDirectory } from './directory.js';
import { entry } from './entries.js';
import { events, streamEvents, type StreamQuery } from './events.js';
import { journal, type JournalQuery } from './journal.js';
import type { QueryParts } from './parts.js';
import {
  payment,
  paymentEntries,
  paymentEvents,
  type LogPage,
  type PageQuery,
  type PaymentQuery,
  type PaymentThen,
} from './payment.js';
import { paymentHistory, type PaymentChange } from './payment-history.js';
import {
  payments,
  paymentsCheckpoint,
  paymentsInDoubt,
  type InDoubt,
  type PaymentsQuery,
} from './payments.js';
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
  payment(id: string, query: PaymentQuery): Promise<PaymentThen>;
  paymentEvents(id: string, query: StreamQuery): Promise<LogPage<EventItem>>;
  paymentEntries(id: string, query: PageQuery): Promise<LogPage<JournalItem>>;
  paymentHistory(id: string, query: PageQuery): Promise<LogPage<PaymentChange>>;
  payments(query: PaymentsQuery): Promise<Page<Payment>>;
  paymentsInDoubt(query: PageQuery): Promise<InDoubt>;
  /** Position of the last event of the log. */
  head(): Promise<bigint>;
  /** Position that every view has come to. */
  position(): Promise<bigint>;
  /** Waits until every view has come to a position; READ_MODEL_BEHIND if it takes longer. */
  waitFor(position: bigint, timeoutMs: number): Promise<bigint>;
}

/** How long a question waits for the views, as with X-Min-Position. */
const PATIENCE_MS = 2_000;

/** Opens the queries on views and log. They own neither and close neither. */
export function openQueries(parts: QueryParts): Queries {
  const { patienceMs = PATIENCE_MS } = parts;
  const directory = new ChainDirectory();
  const position = (): Promise<bigint> =>
    parts.views.snapshot((reader) => viewsPosition(parts, reader));
  const watch = new PositionWatch(position);
  /** What is asked of a known that is in the log is answered when the views have come that far. */
  const caughtUp = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      const early = error instanceof QueryRefused && error.code === 'READ_MODEL_BEHIND';
      if (!early) throw error;
      await watch.reached(await parts.log.head(), patienceMs).catch(() => {
        throw error;
      });
      return ask();
    }
  };
  return {
    balances: (account, asOf) => caughtUp(() => balances(parts, account, asOf)),
    trialBalance: (asOf, prefix) => caughtUp(() => trialBalance(parts, directory, asOf, prefix)),
    statement: (account, query) => caughtUp(() => statement(parts, account, query)),
    journal: (query) => journal(parts, query),
    entry: (id) => entry(parts, id),
    accounts: (query) => accounts(parts, query),
    trace: (correlationId) => trace(parts, correlationId),
    events: (after, limit) => events(parts.log, after, limit),
    streamEvents: (stream, query) => streamEvents(parts.log, stream, query),
    payment: (id, query) => payment(parts, id, query),
    paymentEvents: (id, query) => paymentEvents(parts, id, query),
    paymentEntries: (id, query) => paymentEntries(parts, id, query),
    paymentHistory: (id, query) => paymentHistory(parts, id, query),
    payments: (query) => payments(parts, query),
    paymentsInDoubt: (query) => paymentsInDoubt(parts, query),
    head: () => parts.log.head(),
    position,
    waitFor: (wanted, timeoutMs) => watch.reached(wanted, timeoutMs),
  };
}

async function viewsPosition(parts: QueryParts, reader: ViewReader): Promise<bigint> {
  const ledger = await ownCheckpoint(parts, reader);
  const traces = await reader.checkpoint(TRACES_VIEW);
  const payments = await paymentsCheckpoint(parts, reader);
  return [traces, payments].reduce((least, each) => (each < least ? each : least), ledger);
}
