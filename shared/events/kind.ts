import type { JournalEntry } from '../ledger/entry.js';

/** An event that moves no money. */
export type Fact<Type extends string, Data> = Readonly<{ type: Type; data: Readonly<Data> }>;

/** An event that moves money. It cannot be declared, or made, without its entry. */
export type Monetary<Type extends string, Data> = Readonly<{
  type: Type;
  data: Readonly<Data & { entry: JournalEntry }>;
}>;

/** Free labels of the caller's own. No secret and no card number belongs here. */
export type Labels = Readonly<Record<string, string>>;
