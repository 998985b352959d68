import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../ports/event-store.js';
import type { StoreNotice, Stores } from './stores.js';

const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 5_000;

/**
 * The same stores, for a service: opening one that is not there yet waits until it is. Servers come
 * up in any order, and a service that left would only be started again.
 */
export function patient(
  stores: Stores,
  notice: StoreNotice,
  wait: (ms: number) => Promise<unknown> = pause,
): Stores {
  const open = async <T>(part: string, attempt: () => Promise<T>): Promise<T> => {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LAST_WAIT_MS, waitMs * 2)) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        notice({ part, reason: error.message, waitMs }, 'is not there yet; waiting for it');
        await wait(waitMs);
      }
    }
  };
  return {
    log: (access) => open('log', () => stores.log(access)),
    views: (tables, access) => open('views', () => stores.views(tables, access)),
    relay: (tables) => open('relay', () => stores.relay(tables)),
    rebuildPlace: (tables) => open('views', () => stores.rebuildPlace(tables)),
    cleanRebuildLeftovers: () => open('views', () => stores.cleanRebuildLeftovers()),
  };
}
