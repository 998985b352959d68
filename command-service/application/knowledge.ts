import { z } from 'zod';
import { decodeEvent, type DecodedEvent } from '../../shared/events/codec.js';
import { entryOf } from '../../shared/events/event.js';
import { EventUndecodable } from '../../shared/events/upcast.js';
import {
  ACCOUNT_TYPES,
  codeOf,
  isAccountId,
  type AccountDefinition,
  type AccountId,
} from '../../shared/ledger/account.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { isReserved, type Chart } from '../domain/placement.js';
import { accountStream } from './account-states.js';
import { PaymentWatch, paymentWatchSchema } from './payment-watch.js';

export type DeclaredCode = Readonly<{ definition: AccountDefinition; position: bigint }>;

/**
 * What the command side knows of the whole log: the chart; what guarded accounts got by streams
 * other than their own; and which holds are open. Everything else it reads where it is needed.
 */
export class Knowledge implements Chart {
  /** What of the payments has to be looked after. */
  readonly payments: PaymentWatch;
  readonly #codes = new Map<string, DeclaredCode>();
  /** `account|currency` → debits less credits in the streams that are not the account's own. */
  readonly #elsewhere = new Map<string, bigint>();
  readonly #holds = new Map<string, Readonly<{ account: AccountId; expiresAt: number }>>();
  #guarded: RegExp | undefined;
  #undecodable = 0;

  constructor(payments = new PaymentWatch()) {
    this.payments = payments;
  }

  get(code: string): AccountDefinition | undefined {
    return this.#codes.get(code)?.definition;
  }

  declared(code: string): DeclaredCode | undefined {
    return this.#codes.get(code);
  }

  elsewhere(account: AccountId, currency: string): bigint {
    return this.#elsewhere.get(`${account}|${currency}`) ?? 0n;
  }

  /** Accounts with a hold that has run out. */
  expired(now: number): ReadonlySet<AccountId> {
    const accounts = new Set<AccountId>();
    for (const { account, expiresAt } of this.#holds.values()) {
      if (expiresAt <= now) accounts.add(account);
    }
    return accounts;
  }

  sizes(): Readonly<{ codes: number; balances: number; holds: number; undecodable: number }> {
    return {
      codes: this.#codes.size,
      balances: this.#elsewhere.size,
      holds: this.#holds.size,
      undecodable: this.#undecodable,
    };
  }

  learn(definition: AccountDefinition, position: bigint): void {
    if (this.#codes.has(definition.code)) return;
    this.#codes.set(definition.code, { definition, position });
    if (definition.guarded) this.#watchGuarded();
  }

  /**
   * Takes an event in. Nearly every event of a busy log is an entry without a guarded account, so
   * the text is searched before it is decoded. What cannot be decoded is counted and left out: it
   * could only have added to a balance, so the answers stay on the safe side.
   */
  take(recorded: RecordedEvent): void {
    // The entries of payments are on accounts of the built-in chart, none of which is guarded.
    try {
      if (this.payments.take(recorded)) return;
    } catch {
      this.#undecodable++;
      return;
    }
    switch (recorded.type) {
      case 'EntryClaimed':
        return;
      case 'EntryPosted':
        if (!this.#concerns(recorded)) return;
        break;
      default:
        break;
    }
    try {
      this.#apply(decodeEvent(recorded));
    } catch (error) {
      if (!(error instanceof EventUndecodable)) throw error;
      this.#undecodable++;
    }
  }

  /** Whether an entry may touch a guarded account in a stream that is not that account's own. */
  #concerns({ stream, data }: RecordedEvent): boolean {
    if (this.#guarded?.test(data) !== true) return false;
    if (!stream.startsWith(accountStream(''))) return true;
    const own = `"account":"${stream.slice(accountStream('').length)}"`;
    return this.#guarded.test(data.replaceAll(own, ''));
  }

  #apply(decoded: DecodedEvent): void {
    const { event } = decoded;
    if (event.type === 'AccountDeclared') this.learn(event.data, decoded.position);
    if (event.type === 'HoldPlaced') {
      const { account, expiresAt } = event.data;
      this.#holds.set(`${decoded.stream}/${event.data.id}`, { account, expiresAt });
    }
    if (event.type === 'HoldSettled' || event.type === 'HoldReleased') {
      this.#holds.delete(`${decoded.stream}/${event.data.id}`);
    }
    for (const leg of entryOf(event)?.legs ?? []) {
      const definition = this.get(codeOf(leg.account));
      if (definition?.guarded !== true || isReserved(leg.account, definition)) continue;
      if (decoded.stream === accountStream(leg.account)) continue;
      const key = `${leg.account}|${leg.currency}`;
      const before = this.#elsewhere.get(key) ?? 0n;
      this.#elsewhere.set(key, leg.side === 'debit' ? before + leg.amount : before - leg.amount);
    }
  }

  /** Builds the search for a leg on any guarded code. */
  #watchGuarded(): void {
    const codes = [...this.#codes.values()].filter(({ definition }) => definition.guarded);
    const alternatives = codes
      .map(({ definition }) => definition.code.replaceAll('.', '\\.'))
      .join('|');
    this.#guarded = new RegExp(`"account":"(?:${alternatives})[:"]`);
  }

  toJSON(): Snapshot {
    return {
      codes: [...this.#codes.values()].map(({ definition, position }) => ({
        ...definition,
        floor: String(definition.floor),
        currencies: [...definition.currencies],
        position: String(position),
      })),
      elsewhere: [...this.#elsewhere].map(([key, net]) => [key, String(net)]),
      holds: [...this.#holds].map(([key, { account, expiresAt }]) => [key, account, expiresAt]),
      payments: this.payments.toJSON(),
    };
  }

  static fromJSON(snapshot: Snapshot): Knowledge {
    const knowledge = new Knowledge(PaymentWatch.fromJSON(snapshot.payments));
    for (const { position, floor, ...rest } of snapshot.codes) {
      knowledge.learn({ ...rest, floor: BigInt(floor) }, BigInt(position));
    }
    for (const [key, net] of snapshot.elsewhere) knowledge.#elsewhere.set(key, BigInt(net));
    for (const [key, account, expiresAt] of snapshot.holds) {
      knowledge.#holds.set(key, { account, expiresAt });
    }
    return knowledge;
  }
}

const integer = z.string().regex(/^-?\d+$/);

/** {@link Knowledge} as JSON. */
export const snapshotSchema = z.strictObject({
  codes: z.array(
    z.strictObject({
      code: z.string(),
      name: z.string(),
      type: z.enum(ACCOUNT_TYPES),
      guarded: z.boolean(),
      floor: integer,
      currencies: z.array(z.string()),
      position: integer,
    }),
  ),
  elsewhere: z.array(z.tuple([z.string(), integer])),
  holds: z.array(
    z.tuple([
      z.string(),
      z.custom<AccountId>((text) => typeof text === 'string' && isAccountId(text)),
      z.int(),
    ]),
  ),
  payments: paymentWatchSchema,
});
type Snapshot = z.infer<typeof snapshotSchema>;
