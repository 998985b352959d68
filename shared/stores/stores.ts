import type { EventStore } from '../ports/event-store.js';
import type { RebuildPlace } from '../ports/view-rebuild.js';
import type { Table, ViewStore } from '../ports/view-store.js';

/** `write`: this process may change it. */
export type Access = 'read' | 'write';

/** Opens the log and the views where the settings say they are. Who opens one closes it. */
export interface Stores {
  /** @throws {StoreUnavailable} it is not there now, and whatever else the adapter throws */
  log(access: Access): Promise<EventStore>;
  /** @throws as `log` */
  views(tables: readonly Table[], access: Access): Promise<ViewStore>;
  /** Where the relay keeps how far it is: apart from the views, which can all be deleted. */
  relay(tables: readonly Table[]): Promise<ViewStore>;
  /** @throws {RebuildRunning} and as `log` */
  rebuildPlace(tables: readonly Table[]): Promise<RebuildPlace>;
  /** Drops what an interrupted rebuild left, unless one is running. */
  cleanRebuildLeftovers(): Promise<void>;
}

/** Something that a store wants said in the log of the process. */
export type StoreNotice = (about: Readonly<Record<string, unknown>>, message: string) => void;
