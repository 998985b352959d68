import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { STATUS_OF } from '../../shared/http/statuses.js';
import { BothSystems } from './both-systems.js';
import { routesNotAsked } from './documented-routes.js';
import { LEDGER_STEPS } from './ledger-steps.js';
import { PAYMENT_STEPS } from './payment-steps.js';
import { READING_STEPS } from './reading-steps.js';

/** Codes that tell of a fault, of a race or of too much work: no plain request brings them about. */
const NOT_BY_ASKING = [
  'ACCOUNT_MALFORMED',
  'CONTENTION',
  'GATEWAY_REFUSED',
  'INTERNAL_ERROR',
  'NOT_READY',
  'REQUEST_IN_PROGRESS',
  'STORAGE_FULL',
  'STORE_UNAVAILABLE',
  'TOO_MANY_OPERATIONS',
];

describe('the same answers on EventStoreDB and MongoDB as on SQLite', () => {
  let both: BothSystems;
  before(async () => {
    both = await BothSystems.start();
  });
  after(() => both.stop());

  it('to every command of the ledger', () => both.run(LEDGER_STEPS));
  it('to every command of payments', () => both.run(PAYMENT_STEPS));
  it('to every question', () => both.run(READING_STEPS));

  it('and every route was asked, and every code was answered that can be', async () => {
    expect(await routesNotAsked(both.embedded, both.asked)).to.deep.equal([]);
    const codes = Object.keys(STATUS_OF).filter((code) => !both.codes.has(code));
    expect(codes.sort()).to.deep.equal(NOT_BY_ASKING);
  });

  it('to the same commands again, when all services were started anew', async () => {
    await both.restart();
    const before = both.embedded.events.length;
    await both.run([...LEDGER_STEPS, ...PAYMENT_STEPS]);
    const added = both.embedded.events.slice(before).map(({ type }) => type);
    expect(added).to.deep.equal([]);
  });
});
