import type { BusMessage, EventBus } from '../../shared/ports/event-bus.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type {
  Range,
  Row,
  Table,
  Value,
  ViewBatch,
  ViewReader,
  ViewStore,
} from '../../shared/ports/view-store.js';
import { maskCardNumbers } from '../../shared/mask.js';
import { BEHIND, openParkedOf, type ParkedEvent } from '../parked.js';
import { aggregateIdOf } from './envelope.js';
import { DEAD_LETTERS } from './topics.js';

const MAX_REASON = 500;

/**
 * A view store that tells the dead-letter topic of every event before it is parked. Those that only
 * wait behind a parked one are not told of.
 */
export class TellingViewStore implements ViewStore {
  /** Letters that could not be sent when they should have been. */
  #owed: readonly Letter[] = [];
  /** Positions of events that were told of and are not parked yet. */
  readonly #told = new Set<bigint>();

  constructor(
    private readonly inner: ViewStore,
    private readonly log: Pick<EventStore, 'readAt'>,
    private readonly bus: EventBus,
  ) {}

  async commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'> {
    const dead = openParkedOf(batch).filter(
      ({ reason, position }) => reason !== BEHIND && !this.#told.has(position),
    );
    if (dead.length > 0) {
      const events = await this.log.readAt(dead.map(({ position }) => position));
      this.#owed = dead.map((parked, index) => ({
        position: parked.position,
        message: letterOf(parked, events[index]?.eventId, events[index]?.type),
      }));
    }
    await this.tellOwed();
    const outcome = await this.inner.commit(view, batch);
    this.#told.clear();
    return outcome;
  }

  /**
   * Sends the letters that are owed. As long as that fails, nothing else is to be published: it would
   * be again and again, as it cannot be noted.
   * @throws {BusUnavailable}
   */
  async tellOwed(): Promise<void> {
    if (this.#owed.length === 0) return;
    // Where the topic does not take a letter, the parked row still says what the letter would.
    await this.bus.publish(this.#owed.map(({ message }) => message));
    for (const { position } of this.#owed) this.#told.add(position);
    this.#owed = [];
  }

  checkpoint(view: string): Promise<bigint> {
    return this.inner.checkpoint(view);
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.inner.get(table, key);
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.inner.scan(table, range);
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.inner.lastOfEach(table, index, prefixes, upTo);
  }

  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    return this.inner.snapshot(read);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

type Letter = Readonly<{ position: bigint; message: BusMessage }>;

/** What people need to find the event and to see why; nothing of its data. */
function letterOf(parked: ParkedEvent, eventId = '', type = ''): BusMessage {
  const { stream } = parked;
  const position = parked.position.toString();
  const revision = parked.revision.toString();
  const reason = maskCardNumbers(parked.reason).slice(0, MAX_REASON);
  const letter = { kind: 'event', eventId, type, stream, revision, position, reason };
  return {
    topic: DEAD_LETTERS,
    key: aggregateIdOf(stream),
    value: JSON.stringify(letter),
    headers: { eventId, type, position },
  };
}
