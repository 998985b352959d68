import { randomUUID } from 'node:crypto';
import { openLedger, type OpenLedger } from '../../command-service/application/open-ledger.js';
import type { CommandContext, PostEntry } from '../../command-service/application/ledger.js';
import { rebuildViews } from '../../projection-service/rebuild.js';
import { projectionTables } from '../../projection-service/service.js';
import { allViews } from '../../projection-service/views/all.js';
import type { AsOf, TrialBalance } from '../../query-service/queries/answers.js';
import { openQueries } from '../../query-service/queries/open.js';
import { openEventStore } from '../../shared/adapters/sqlite/event-store.js';
import { openRebuildPlace } from '../../shared/adapters/sqlite/view-rebuild.js';
import { openViewStore } from '../../shared/adapters/sqlite/view-store.js';
import type { AccountType } from '../../shared/ledger/account.js';
import { isDay } from '../../shared/ledger/day.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import {
  BANK_ACCOUNTS,
  CURRENCY,
  customerAccount,
  entryOf,
  readBankTransactions,
} from '../demo/bank.js';
import { MISTAKE } from '../demo/correction.js';
import { AWKWARD_ACCOUNTS, awkwardEntries } from './awkward.js';

const ZONE = 'Asia/Seoul';
const CONTEXT: CommandContext = { actor: 'check', correlationId: 'check' };

/** A book that was filled through the command side, and what the query side says of it. */
export type CheckedBook = Readonly<{
  store: EventStore;
  trialBalance: (asOf: AsOf) => Promise<TrialBalance>;
  close: () => Promise<void>;
}>;

/** Fills a folder with the bank's year, a back-dated correction, and awkward entries. */
export async function fillBook(folder: string): Promise<CheckedBook> {
  const store = await openEventStore({ folder });
  const ledger = await openLedger({ store, clock: Date.now, ids: randomUUID, zone: ZONE });
  await declare(ledger, [...BANK_ACCOUNTS, ...AWKWARD_ACCOUNTS]);
  await postAll(ledger, readBankTransactions().map(entryOf));
  await correctMistake(ledger);
  await postAll(ledger, awkwardEntries());
  await ledger.close();
  await project(folder, store);
  const views = openViewStore({ folder, tables: projectionTables(allViews(ZONE)) });
  const queries = openQueries({ views, log: store, clock: Date.now });
  return {
    store,
    trialBalance: (asOf) => queries.trialBalance(asOf),
    close: async () => {
      await views.close();
      await store.close();
    },
  };
}

async function declare(
  ledger: OpenLedger,
  accounts: readonly Readonly<{ code: string; name: string; type: AccountType }>[],
): Promise<void> {
  for (const account of accounts) {
    const definition = { ...account, guarded: false, floor: 0n, currencies: [] };
    const answer = await ledger.declareAccount(definition, CONTEXT);
    if (answer.kind === 'refused') throw new Error(answer.refusal.message);
  }
}

async function postAll(ledger: OpenLedger, entries: readonly PostEntry[]): Promise<void> {
  for (let at = 0; at < entries.length; at += 1000) {
    for (const answer of await ledger.postEntries(entries.slice(at, at + 1000), CONTEXT)) {
      if (answer.kind === 'refused') throw new Error(answer.refusal.message);
    }
  }
}

async function correctMistake(ledger: OpenLedger): Promise<void> {
  const { id, day, customer, corrected } = MISTAKE;
  if (!isDay(day)) throw new Error(`${day} is not a day`);
  const reversal = { id, commandId: 'check-reversal', reason: 'mistyped', effectiveDate: day };
  const answer = await ledger.reverseEntry(reversal, CONTEXT);
  if (answer.kind === 'refused') throw new Error(answer.refusal.message);
  const leg = { amount: corrected, currency: CURRENCY };
  await postAll(ledger, [
    {
      id: 'check-corrected',
      description: 'corrected',
      effectiveDate: day,
      legs: [
        { account: customerAccount(customer), side: 'debit', ...leg },
        { account: '1030', side: 'credit', ...leg },
      ],
    },
  ]);
}

async function project(folder: string, log: EventStore): Promise<void> {
  const views = allViews(ZONE);
  const place = openRebuildPlace({ folder, tables: projectionTables(views) });
  await rebuildViews({ log, place, views });
  await place.close();
}
