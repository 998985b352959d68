import type { Table } from '../shared/ports/view-store.js';
import { accountsTable, codesTable } from '../shared/views/accounts.js';
import {
  chainsTable,
  daysTable,
  entriesTable,
  instantsTable,
  legsTable,
  sideBlocksTable,
  sideLegsTable,
} from '../shared/views/journal.js';
import { lastEventTable } from '../shared/views/last-event.js';
import { doubtsTable, doubtTotalsTable, paymentsTable } from '../shared/views/payments.js';
import { tracesTable } from '../shared/views/traces.js';

/** Every table the queries read. */
export const QUERY_TABLES: readonly Table[] = [
  codesTable,
  accountsTable,
  chainsTable,
  legsTable,
  daysTable,
  sideLegsTable,
  sideBlocksTable,
  entriesTable,
  instantsTable,
  tracesTable,
  paymentsTable,
  doubtsTable,
  doubtTotalsTable,
  lastEventTable,
];
