import { keptText, keyed, post, step, type Request, type Step } from './asking.js';
import { entry, legs, LONGEST_ID, manyLegs } from './entry-steps.js';

const ENTRIES = '/v1/ledger/entries';
const BATCH = '/v1/ledger/entries/batch';
const HOLDS = '/v1/ledger/holds';

const ok = legs('1010', '2010:seller-7', '5');

function batch(entries: readonly object[]): Request {
  return post(BATCH, { entries });
}

function numbered(count: number, prefix: string, of: (index: number) => object): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${prefix}${index}`, ...of(index) }));
}

/** Guarded entries of one account that are more than one append may hold, all together. */
const HEAVY = numbered(25, 'heavy-', (index) => ({
  ...entry('heavy', [...legs('wallet:heavy', '2010:x', 1 + index), ...manyLegs(400)]),
}));

/** Batches, of entries that fare differently. */
export const BATCH_STEPS: readonly Step[] = [
  batch(
    numbered(40, 'b', (index) => entry(`b${index}`, legs('1010', `2010:s${index % 5}`, 1 + index))),
  ),
  batch(
    numbered(40, 'b', (index) => entry(`b${index}`, legs('1010', `2010:s${index % 5}`, 1 + index))),
  ),
  batch([
    { id: 'm1', ...entry('in', legs('1010', 'wallet:ann', 5000)) },
    { id: 'm2', ...entry('out', legs('wallet:ann', '2010:x', 4000)) },
    { id: 'm3', ...entry('too much', legs('wallet:ann', '2010:x', 4000)) },
    { id: 'm1', ...entry('in', legs('1010', 'wallet:ann', 5000)) },
    { id: 'm1', ...entry('in', legs('1010', 'wallet:ann', 5001)) },
    { id: 'b0', ...entry('another b0', ok) },
    { id: 'bad id!', ...entry('x', ok) },
    { ...entry('no id', ok) },
    { id: 'm4', ...entry('unbalanced', ok.slice(1)) },
    { id: LONGEST_ID, ...entry('long', ok) },
    { id: 'm5', description: 'x', legs: 'none' },
  ]),
  batch([]),
  post(BATCH, { entries: [], more: 1 }),
  post(
    BATCH,
    [
      JSON.stringify({ id: 'n1', ...entry('line', ok) }),
      'no json',
      JSON.stringify({ id: 'n1', ...entry('line', ok) }),
      '',
      JSON.stringify({ id: 'n2', ...entry('line', ok), surplus: 1 }),
    ].join('\n'),
    { 'Content-Type': 'application/x-ndjson' },
  ),
  keyed('fill', ENTRIES, entry('fill', legs('1010', 'wallet:heavy', 1_000_000))),
  batch(HEAVY),
].map((request) => step(request));

function hold(key: string, more: object): Request {
  return keyed(key, HOLDS, {
    account: 'wallet:ann',
    amount: '300',
    currency: 'KRW',
    expiresAt: '2199-01-01T00:00:00Z',
    description: 'held',
    ...more,
  });
}

/** A request about a hold that was placed and kept. */
function onHold(name: string, key: string, what: string, body: object): Step {
  return {
    ask: (seen) => {
      const id = keptText(seen, name, 'data', 'id') ?? '';
      return keyed(key, `${HOLDS}/wallet:ann/${id}/${what}`, body);
    },
  };
}

/** Holds from their placing to their end. */
export const HOLD_STEPS: readonly Step[] = [
  step(hold('h1', {}), 'h1'),
  step(hold('h1', {})),
  step(hold('h1', { amount: '301' })),
  step(hold('h2', {}), 'h2'),
  step(hold('h3', { amount: '99999' })),
  step(hold('h4', { amount: '0' })),
  step(hold('h5', { account: '2010:x' })),
  step(hold('h6', { account: 'nobody:x' })),
  step(hold('h7', { currency: 'ABC' })),
  step(hold('h8', { expiresAt: '2020-01-01T00:00:00Z' })),
  step(hold('h9', { account: 'wallet:ann:held' })),
  onHold('h1', 's1', 'settle', { to: '2010:x', amount: '100' }),
  onHold('h1', 's1', 'settle', { to: '2010:x', amount: '100' }),
  onHold('h1', 's1', 'settle', { to: '2010:y', amount: '100' }),
  onHold('h1', 's2', 'settle', { to: '2010:x' }),
  onHold('h1', 'l1', 'release', {}),
  onHold('h2', 'l2', 'release', {}),
  onHold('h2', 'l2', 'release', {}),
  onHold('h2', 's3', 'settle', { to: '2010:x', amount: '0' }),
  step(keyed('l3', `${HOLDS}/wallet:ann/nothing/release`, {})),
  expiring(),
];

/** A hold that runs out by itself, after another one was released. */
function expiring(): Step {
  let expiresAt: string | undefined;
  return {
    ask: () => {
      expiresAt ??= new Date(Date.now() + 1_500).toISOString();
      return hold('h10', { expiresAt, amount: '10' });
    },
    keep: 'h10',
    until: ({ events }) => events.filter(({ type }) => type === 'HoldReleased').length === 2,
  };
}

/** Reversals of an entry. */
export const REVERSAL_STEPS: readonly Step[] = [
  reversal('v1', { reason: 'a mistake' }, { 'If-Match': '"v7"' }),
  reversal('v1', { reason: 'a mistake' }, { 'If-Match': '"v0"' }),
  reversal('v1', { reason: 'a mistake' }),
  reversal('v1', { reason: 'another' }),
  reversal('v2', { reason: 'a mistake' }),
  reversal('v3', { reason: 'a day', effectiveDate: '9999-01-01' }),
];

function reversal(key: string, body: object, headers = {}): Step {
  return {
    ask: (seen) => {
      const id = keptText(seen, 'e1', 'data', 'id') ?? '';
      return keyed(key, `${ENTRIES}/${id}/reversal`, body, headers);
    },
  };
}
