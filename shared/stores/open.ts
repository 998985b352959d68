import type { Config } from '../config.js';
import type { Log } from '../logging.js';
import { patient } from './patient.js';
import type { StoreNotice, Stores } from './stores.js';

/**
 * The stores that the settings name. An adapter is loaded when it is needed: nobody waits for a
 * vendor's package that is not used.
 */
export async function storesOf(config: Config, notice: StoreNotice): Promise<Stores> {
  const { store, dataFolder } = config;
  switch (store.kind) {
    case 'sqlite': {
      const { EmbeddedStores } = await import('./embedded.js');
      return new EmbeddedStores(dataFolder);
    }
    case 'eventstoredb': {
      const { ProductionStores } = await import('./production.js');
      return new ProductionStores(store.esdbUrl, store.mongodbUrl, notice);
    }
  }
}

/** The same for a service: what is not there yet is waited for, and notices go to its log. */
export async function serviceStores(config: Config, log: Log): Promise<Stores> {
  const notice: StoreNotice = (about, message) => {
    log.warn(about, message);
  };
  return patient(await storesOf(config, notice), notice);
}
