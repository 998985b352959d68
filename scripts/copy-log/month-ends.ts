import type { Sums } from '../audit/fold.js';
import type { MonthBooks } from './month-books.js';

/** The trial balance of one currency at the end of a month, of both logs. Minor units. */
export type MonthEnd = Readonly<{
  /** The last day of the month. */
  day: string;
  currency: string;
  /** Accounts of the source that had moved by then. */
  accounts: number;
  source: Readonly<Sums>;
  target: Readonly<Sums>;
  /** Whether every account's debits and credits are the same in both. */
  same: boolean;
  /** The first account whose are not. */
  differing?: string;
}>;

/** The trial balances of two logs at the end of every month in which one of them has an entry. */
export function monthEnds(source: MonthBooks, target: MonthBooks): readonly MonthEnd[] {
  const books = new Map<string, CurrencyBooks>();
  const months = [...new Set([...source.months(), ...target.months()])].sort();
  return months.flatMap((month) => {
    post(books, source.of(month).sums, 'source');
    post(books, target.of(month).sums, 'target');
    const day = lastDayOf(month);
    const currencies = [...books.keys()].sort();
    return currencies.flatMap((currency) => {
      const book = books.get(currency);
      return book === undefined ? [] : [{ day, currency, ...book.end() }];
    });
  });
}

type Side = 'source' | 'target';
type AccountSums = ReadonlyMap<string, ReadonlyMap<string, Readonly<Sums>>>;

function post(books: Map<string, CurrencyBooks>, accounts: AccountSums, side: Side): void {
  for (const [account, currencies] of accounts) {
    for (const [currency, sums] of currencies) {
      let book = books.get(currency);
      if (book === undefined) {
        book = new CurrencyBooks();
        books.set(currency, book);
      }
      book.post(account, sums, side);
    }
  }
}

/** Both logs' books of one currency so far, and where they differ. */
class CurrencyBooks {
  readonly #totals = { source: { debits: 0n, credits: 0n }, target: { debits: 0n, credits: 0n } };
  readonly #accounts = new Set<string>();
  /** Account → the source's sums less the target's, of those where that is not zero. */
  readonly #differing = new Map<string, Sums>();

  post(account: string, { debits, credits }: Readonly<Sums>, side: Side): void {
    const total = this.#totals[side];
    total.debits += debits;
    total.credits += credits;
    if (side === 'source') this.#accounts.add(account);
    const sign = side === 'source' ? 1n : -1n;
    const difference = this.#differing.get(account) ?? { debits: 0n, credits: 0n };
    difference.debits += sign * debits;
    difference.credits += sign * credits;
    const isSame = difference.debits === 0n && difference.credits === 0n;
    if (isSame) this.#differing.delete(account);
    else this.#differing.set(account, difference);
  }

  end(): Omit<MonthEnd, 'day' | 'currency'> {
    const [differing] = [...this.#differing.keys()].sort();
    return {
      accounts: this.#accounts.size,
      source: { ...this.#totals.source },
      target: { ...this.#totals.target },
      same: differing === undefined,
      ...(differing === undefined ? {} : { differing }),
    };
  }
}

function lastDayOf(month: string): string {
  const [year, number] = month.split('-').map(Number);
  if (year === undefined || number === undefined || month.length !== 7) return '';
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return `${month}-${String(last).padStart(2, '0')}`;
}
