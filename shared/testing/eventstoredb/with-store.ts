import { afterEach, beforeEach } from 'mocha';
import {
  openEventStoreDb,
  type EventStoreDb,
  type EventStoreDbOptions,
} from '../../adapters/eventstoredb/event-store.js';
import type { EventStoreDbNotice } from '../../adapters/eventstoredb/notice.js';
import { Notices } from '../notices.js';
import { withServer } from './with-server.js';
import type { ProtocolServer, ProtocolServerOptions } from './protocol-server.js';
import type { EventStoreDBClient } from '@eventstore/db-client';

type StoreOptions = Omit<EventStoreDbOptions, 'url' | 'onNotice'>;

export type WithStore = Readonly<{
  server: () => ProtocolServer;
  /** The vendor's own client of that server. */
  client: () => EventStoreDBClient;
  store: () => EventStoreDb;
  notices: () => Notices<EventStoreDbNotice>;
  /** Another store, of the same server by default; closed after the test. */
  open: (options?: Partial<EventStoreDbOptions>) => Promise<EventStoreDb>;
}>;

/** A fresh server and an adapter on it, for every test of a suite. */
export function withStore(
  options: StoreOptions = {},
  serverOptions: ProtocolServerOptions = {},
): WithStore {
  const opened: EventStoreDb[] = [];
  let notices = new Notices<EventStoreDbNotice>();
  const { server, client } = withServer(serverOptions);

  async function open(more: Partial<EventStoreDbOptions> = {}): Promise<EventStoreDb> {
    const { push: onNotice } = notices;
    const store = await openEventStoreDb({ url: server().url, onNotice, ...options, ...more });
    opened.push(store);
    return store;
  }

  beforeEach(async () => {
    notices = new Notices();
    await open();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  return {
    server,
    client,
    store: () => {
      const [store] = opened;
      if (store === undefined) throw new Error('no store is open');
      return store;
    },
    notices: () => notices,
    open,
  };
}
