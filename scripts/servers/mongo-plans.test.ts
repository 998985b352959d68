import { expect } from 'chai';
import { describe, it } from 'mocha';
import { projectionTables } from '../../projection-service/service.js';
import { allViews } from '../../projection-service/views/all.js';
import { indexesOf, placeField, RowShape } from '../../shared/adapters/mongodb/view-rows.js';

/** Whether a server uses an index cannot be seen here; that there is one for every read can. */
describe('plans of the reads of the views in MongoDB', () => {
  const tables = projectionTables(allViews('Asia/Seoul'));

  for (const table of tables) {
    it(`has an index for every range of ${table.name}`, () => {
      // Every range of an index is one range of one text, and its order that of the text.
      const indexed = new Set(['_id', ...indexesOf(table).map(({ key }) => Object.keys(key)[0])]);
      for (const index of ['key', ...Object.keys(table.indexes)]) {
        expect(indexed).to.include(placeField(index));
      }
      expect(() => new RowShape(table)).not.to.throw();
    });
  }
});
