import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ConfigRefused } from '../setting.js';
import { rejection } from '../testing/event-samples.js';
import { ProductionStores } from './production.js';

describe('the stores of production', () => {
  it('name the setting of a connection string that cannot be used, and nothing of it', async () => {
    for (const url of ['http://u:s3cret@h', 'mongodb://u:s3cret@h/%zz', 'mongodb://u:s3@h/a.s3']) {
      const stores = new ProductionStores('esdb://h', url, () => undefined);
      for (const open of [
        () => stores.views([], 'read'),
        () => stores.relay([]),
        () => stores.rebuildPlace([]),
        () => stores.cleanRebuildLeftovers(),
      ]) {
        const error = await rejection(open());
        expect(error).to.be.instanceOf(ConfigRefused);
        expect(String(error)).to.contain('MONGODB_URL').and.not.to.contain('s3');
      }
    }
  });
});
