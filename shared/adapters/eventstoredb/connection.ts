import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { asError, Silence } from './faults.js';
import type { ConnectionSettings } from './settings.js';
import {
  vendorClient,
  type AppendCall,
  type Opened,
  type ReadCall,
  type VendorClient,
} from './vendor-client.js';

/** Calls to the leader. */
export class Connection {
  readonly #client: VendorClient;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long finding a node may take */
  constructor(settings: ConnectionSettings, timeoutMs: number) {
    this.#client = vendorClient(settings);
    this.#timeoutMs = timeoutMs;
  }

  openRead(request: ReadReq): Promise<Opened<ReadCall>> {
    return this.#within(this.#client.open('read', (client, args) => client.read(request, ...args)));
  }

  openAppends(): Promise<Opened<AppendCall>> {
    return this.#within(this.#client.open('append', (client, args) => client.batchAppend(...args)));
  }

  /** Ends all calls and lets go of the socket. */
  hangUp(): Promise<void> {
    return this.#client.hangUp();
  }

  #within<Call extends ReadCall | AppendCall>(
    opening: Promise<Opened<Call>>,
  ): Promise<Opened<Call>> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const late = setTimeout(() => {
        isLate = true;
        reject(new Silence('the search for a node', this.#timeoutMs));
      }, this.#timeoutMs);
      opening.then(
        (opened) => {
          clearTimeout(late);
          resolve(opened);
          if (!isLate) return;
          opened.call.on('error', () => undefined);
          opened.call.cancel();
        },
        (error: unknown) => {
          clearTimeout(late);
          reject(asError(error));
        },
      );
    });
  }
}
