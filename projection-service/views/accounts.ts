import type { DecodedEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import { codeOf } from '../../shared/ledger/account.js';
import type { Row, ViewBatch } from '../../shared/ports/view-store.js';
import { ACCOUNTS_VIEW, accountsTable, codeRow, codesTable } from '../../shared/views/accounts.js';
import type { View, ViewFold } from '../view.js';
import { Generations } from './generations.js';

/** Accounts remembered as written, so that a busy account is not written with every batch. */
const REMEMBERED = 100_000;

/** The chart, and every account that an entry has named. */
export const accountsView: View = {
  name: ACCOUNTS_VIEW,
  tables: [codesTable, accountsTable],
  undecodable: 'park',
  open: () => new AccountsFold(),
};

class AccountsFold implements ViewFold {
  private readonly written = new Generations<true>(REMEMBERED);

  fold(events: readonly DecodedEvent[]): Promise<ViewBatch['puts']> {
    this.written.beginBatch();
    const codes: Row[] = [];
    const accounts: Row[] = [];
    const name = (code: string, id: string): void => {
      if (this.written.get(id) === true) return;
      this.written.set(id, true);
      accounts.push([code, id]);
    };
    for (const { event } of events) {
      if (event.type === 'AccountDeclared') {
        codes.push(codeRow(event.data));
        name(event.data.code, event.data.code);
      }
      for (const { account } of entryOf(event)?.legs ?? []) name(codeOf(account), account);
    }
    return Promise.resolve([
      { table: codesTable, rows: codes },
      { table: accountsTable, rows: accounts },
    ]);
  }
}
