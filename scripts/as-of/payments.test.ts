import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { inDoubt } from '../../shared/payments/amounts.js';
import { anyPaymentHistory } from '../../shared/testing/any-payment-history.js';
import { MemoryLog } from '../../shared/testing/memory-log.js';
import { recordPayments } from '../../shared/testing/payment-log.js';
import { declareChart, inMemory, onSqlite, project, queriesOn, type OnStore } from './book.js';

const NUMBERS = [1, 2, 3, 4, 5];

const anyPayments = fc.tuple(
  ...NUMBERS.map((number) =>
    anyPaymentHistory({ number, orderId: `o-${number % 2}`, sellerId: `s-${number % 3}` }),
  ),
);

const stores: readonly [name: string, onStore: OnStore, runs: number][] = [
  ['in memory', inMemory, 50],
  ['on SQLite', onSqlite, 10],
];

describe('payments, from the log to the answers', () => {
  for (const [name, onStore, runs] of stores) {
    it(`are listed as they are read one by one, and what is in doubt adds up, ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(anyPayments, fc.integer({ min: 1, max: 20 }), async (histories, size) => {
          const log = new MemoryLog(3n);
          declareChart(log, 0);
          recordPayments(log, histories);
          await onStore(async (store) => {
            await project(log, store, () => size);
            const queries = queriesOn(log, store);
            expect(await queries.position()).to.equal(await log.head());
            for (const { id, payment } of histories) {
              const { payment: read } = await queries.payment(id, {});
              const { orderId, sellerId } = payment;
              const { items } = await queries.payments({ orderId, sellerId, limit: 50 });
              expect(items.find((item) => item.id === id)).to.deep.equal(read);
            }
            const page = await queries.paymentsInDoubt({ limit: 1 });
            const doubt = histories.reduce((sum, { payment }) => sum + inDoubt(payment), 0n);
            const [total] = page.totals;
            expect(total?.amount ?? 0n).to.equal(doubt);
            expect(page.items).to.have.length(total === undefined ? 0 : 1);
          });
        }),
        { numRuns: runs },
      );
    });
  }
});
