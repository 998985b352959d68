import type { DeclineName } from './declines.js';

/*
 * What the simulator does is chosen by the token, so that anybody can call up any fate from outside:
 * `tok_ok`, `tok_declined`, `tok_slow:500`. With `capture_`, `void_` or `refund_` in front, the
 * authorisation goes well and that operation meets the fate: `tok_refund_timeout`.
 */

/** How a call that reached the simulator ends for the caller, when it does not just end. */
export type Fate =
  /** It is answered, so many ms later. */
  | Readonly<{ kind: 'answered'; afterMs: number }>
  /** No answer ever comes. */
  | Readonly<{ kind: 'silent' }>
  /** The connection breaks. */
  | Readonly<{ kind: 'reset' }>
  /** 503. */
  | Readonly<{ kind: 'unavailable' }>
  /** An answer comes that nobody can read. */
  | Readonly<{ kind: 'garbled' }>;

/** What a token stands for, for one kind of call. */
export type Behaviour = Readonly<{
  fate: Fate;
  /** The call is lost on its way: nothing is done. */
  lost?: boolean;
  /** It decides against it. */
  decline?: DeclineName;
  /** What the answer says that is not so. */
  lie?: 'amount' | 'declined';
  /** It is done only so many ms later, and what an inquiry hears until then. */
  late?: Readonly<{ ms: number; meanwhile: 'not-found' | 'pending' }>;
}>;

type Kind = 'authorize' | 'capture' | 'void' | 'refund';

const TOKEN = /^tok_(?:(capture|void|refund)_)?([a-z0-9_]+?)(?::(\d{1,8}))?$/;

const AT_ONCE: Fate = { kind: 'answered', afterMs: 0 };
const PLAIN: Behaviour = { fate: AT_ONCE };
const NO_SUCH_TOKEN: Behaviour = { fate: AT_ONCE, decline: 'NO_SUCH_TOKEN' };

const BEHAVIOURS: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['ok', PLAIN],
  ['declined', { fate: AT_ONCE, decline: 'CARD_DECLINED' }],
  ['insufficient', { fate: AT_ONCE, decline: 'INSUFFICIENT_FUNDS' }],
  ['expired_card', { fate: AT_ONCE, decline: 'EXPIRED_CARD' }],
  ['fails', { fate: AT_ONCE, decline: 'FAILED_ON_PURPOSE' }],
  ['timeout', { fate: { kind: 'silent' } }],
  ['timeout_lost', { fate: { kind: 'silent' }, lost: true }],
  ['reset', { fate: { kind: 'reset' } }],
  ['reset_lost', { fate: { kind: 'reset' }, lost: true }],
  ['503', { fate: { kind: 'unavailable' }, lost: true }],
  ['garbage', { fate: { kind: 'garbled' } }],
  ['wrong_amount', { fate: AT_ONCE, lie: 'amount' }],
  ['contradicts', { fate: AT_ONCE, lie: 'declined' }],
]);

/** Those that are written with a number of ms behind a colon. */
const TIMED: ReadonlyMap<string, (ms: number) => Behaviour> = new Map<
  string,
  (ms: number) => Behaviour
>([
  ['slow', (ms) => ({ fate: { kind: 'answered', afterMs: ms } })],
  ['late', (ms) => ({ fate: { kind: 'silent' }, late: { ms, meanwhile: 'not-found' } })],
  ['pending', (ms) => ({ fate: { kind: 'silent' }, late: { ms, meanwhile: 'pending' } })],
]);

/**
 * What a token does to a call.
 * @param captures of an authorisation: whether it captures too, and so meets what `capture_` tokens
 *   bring
 */
export function behaviourOf(token: string, kind: Kind, captures: boolean): Behaviour {
  const [, named = 'authorize', name = '', ms] = TOKEN.exec(token) ?? [];
  const behaviour =
    ms === undefined ? BEHAVIOURS.get(name) : TIMED.get(name)?.(Number.parseInt(ms, 10));
  if (behaviour === undefined) return kind === 'authorize' ? NO_SUCH_TOKEN : PLAIN;
  const meant = named === kind || (named === 'capture' && kind === 'authorize' && captures);
  return meant ? behaviour : PLAIN;
}
