import { expect } from 'chai';
import { describe, it } from 'mocha';
import { sealCursor } from '../queries/cursor.js';
import { statementQuery } from './schemas.js';

describe('the questions of the query service', () => {
  it('take the cursor of a statement in every currency there is', () => {
    const balances = Array.from({ length: 180 }, () => ['KRW', `-${'9'.repeat(20)}`]).flat();
    const cursor = sealCursor(['statement'], ['1', '2', '3', '4', ...balances]);
    expect(statementQuery.safeParse({ cursor }).success).to.equal(true);
  });
});
