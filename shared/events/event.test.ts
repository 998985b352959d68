import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { AccountId } from '../ledger/account.js';
import type { Currency } from '../ledger/currency.js';
import { isEntry, journalEntry, type JournalEntry, type Leg } from '../ledger/entry.js';
import { entryOf, type LedgerEvent } from './event.js';

/*
 * The first tests are of types: they fail when this file is compiled, not when it is run.
 */

type Is<Candidate, Wanted> = Candidate extends Wanted ? true : false;

type WithoutEntry<Event> = Event extends LedgerEvent
  ? Readonly<{ type: Event['type']; data: Omit<Event['data'], 'entry'> }>
  : never;

/** The types whose events are still events when their entry is taken away. */
type Free = Extract<WithoutEntry<LedgerEvent>, LedgerEvent>['type'];

describe('events that move money', () => {
  it('do not exist without their entry, says the compiler', () => {
    const free: Record<Free, true> = {
      AccountDeclared: true,
      EntryClaimed: true,
      OrderClaimed: true,
      PaymentRequested: true,
      AttemptStarted: true,
      AttemptDeclined: true,
      CaptureStarted: true,
      CaptureFailed: true,
      VoidStarted: true,
      VoidFailed: true,
      OutcomeUnknown: true,
      OutcomeNotFound: true,
      AnswerContradicted: true,
      PaymentAbandoned: true,
    };
    const monetary: Record<Exclude<LedgerEvent['type'], Free>, true> = {
      EntryPosted: true,
      HoldPlaced: true,
      HoldSettled: true,
      HoldReleased: true,
      PaymentAuthorized: true,
      PaymentCaptured: true,
      PaymentVoided: true,
      AuthorizationExpired: true,
      RefundRequested: true,
      RefundSucceeded: true,
      RefundFailed: true,
    };
    expect(free).to.not.have.any.keys(Object.keys(monetary));
  });

  it('take no legs that journalEntry has not seen, says the compiler', () => {
    const legs: Is<Readonly<{ legs: readonly Leg[] }>, JournalEntry> = false;
    const entry: Is<JournalEntry, JournalEntry> = true;
    expect([legs, entry]).to.deep.equal([false, true]);
  });

  it('give their entry, and the others none', () => {
    const entry = made();
    const hold = { id: 'h-1', account: 'a' as AccountId, currency: 'KRW' as Currency };
    const monetary: readonly LedgerEvent[] = [
      { type: 'EntryPosted', data: { id: 'e-1', description: '', entry } },
      {
        type: 'HoldPlaced',
        data: { ...hold, amount: 5n, expiresAt: 0, description: '', entry },
      },
      { type: 'HoldSettled', data: { id: 'h-1', settled: 5n, to: 'b' as AccountId, entry } },
      { type: 'HoldReleased', data: { id: 'h-1', reason: 'expired', entry } },
    ];
    for (const event of monetary) expect(entryOf(event), event.type).to.equal(entry);
    expect(
      entryOf({ type: 'EntryClaimed', data: { id: 'e-1', stream: 's', afterRevision: -1n } }),
    ).to.equal(undefined);
  });
});

function made(): JournalEntry {
  const entry = journalEntry([
    { account: '1010', side: 'debit', amount: 5n, currency: 'KRW' },
    { account: '2010', side: 'credit', amount: 5n, currency: 'KRW' },
  ]);
  if (!isEntry(entry)) throw new Error(entry.reason);
  return entry;
}
