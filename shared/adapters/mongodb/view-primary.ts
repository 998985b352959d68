import type { MongoClient, TopologyDescription } from 'mongodb';

/**
 * Counts how often another server has become the primary of a replica set. One that just did may
 * for a moment show its majority's data as of earlier than the one before it: reads that span such a
 * change need not agree with each other.
 */
export class PrimaryTerm {
  #primary: string | undefined;
  #count = 0;

  constructor(client: MongoClient) {
    client.on('topologyDescriptionChanged', ({ newDescription }) => {
      this.#note(newDescription);
    });
  }

  /** Another number for every primary. */
  get count(): number {
    return this.#count;
  }

  #note({ servers }: TopologyDescription): void {
    for (const { type, address, electionId } of servers.values()) {
      if (type !== 'RSPrimary') continue;
      const primary = `${address} ${electionId?.toHexString() ?? ''}`;
      if (this.#primary !== undefined && primary !== this.#primary) this.#count++;
      this.#primary = primary;
    }
  }
}
