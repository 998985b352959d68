import { EventStoreDBClient, jsonEvent, NO_STREAM, START } from '@eventstore/db-client';

/** An event as one has it who uses the vendor's client by itself. */
export type BareEvent = Readonly<{
  id: string;
  type: string;
  data: Readonly<Record<string, unknown>>;
  metadata: Readonly<Record<string, unknown>>;
}>;

/**
 * The vendor's client as its manual says to use it, with nothing of ours around it: what our
 * adapter is compared with. It has all the defects that the adapter keeps away.
 */
export class BareClient {
  readonly #client: EventStoreDBClient;

  constructor(url: string) {
    this.#client = EventStoreDBClient.connectionString(url);
  }

  /** Appends one event to a new stream. @returns its position */
  async append(stream: string, { id, type, data, metadata }: BareEvent): Promise<bigint> {
    const event = jsonEvent({ id, type, data: { ...data }, metadata });
    const { position } = await this.#client.appendToStream(stream, [event], {
      expectedRevision: NO_STREAM,
    });
    if (position === undefined) throw new Error('the server does not say where it is');
    return position.commit;
  }

  /**
   * Reads the whole log after a position, so many events; the server's own are not handed on.
   * @returns the position of the last one read, of whatever kind; the same again at the end
   */
  async readAll(
    after: bigint,
    count: number,
    take: (event: Readonly<{ id: string; data: unknown }>) => void,
  ): Promise<bigint> {
    // Of a read from a position the event there is a part.
    const fromPosition = after === 0n ? START : { commit: after, prepare: after };
    const maxCount = after === 0n ? count : count + 1;
    let last = after;
    for await (const { event } of this.#client.readAll({ fromPosition, maxCount })) {
      if (event === undefined || event.position.commit <= after) continue;
      last = event.position.commit;
      if (!event.type.startsWith('$')) take(event);
    }
    return last;
  }

  close(): Promise<void> {
    return this.#client.dispose();
  }
}
