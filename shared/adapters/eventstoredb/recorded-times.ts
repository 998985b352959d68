import type { OnNotice } from './notice.js';
import type { WireEvent } from './wire.js';

/**
 * How far the server's clock may be set back without anybody reading in order having seen it. Who
 * starts in the middle of the log looks back so far for a later time.
 */
export const CLOCK_STEP_MS = 10_000;

const KEPT_ANCHORS = 512;
const KEPT_STEPS = 1000;

type Placed = Pick<WireEvent, 'position' | 'created'>;

/** Events between two positions that carry the time of the event before them. */
type Step = Readonly<{ from: bigint; floor: number }> & { to: bigint };

/**
 * The recorded time of an event is the latest time by the server's clock of all events up to it. It
 * differs from the event's own only where the clock was set back: a step, of which all are known in
 * the part of the log that was read in order since this process began.
 */
export class RecordedTimes {
  readonly #onNotice: OnNotice;
  /** Positions of events whose recorded time is known for certain. */
  readonly #anchors = new Map<bigint, number>();
  readonly #steps: Step[] = [];
  #from: bigint | undefined;
  /** Recorded time of the event at `#from`. */
  #first = 0;
  #to = 0n;
  #floor = 0;

  constructor(onNotice: OnNotice) {
    this.#onNotice = onNotice;
  }

  /**
   * From here on every event is given to {@link next}.
   * @param floor recorded time of the event at this position
   */
  begin(position: bigint, floor: number): void {
    this.#from = position;
    this.#to = position;
    this.#first = floor;
    this.#floor = floor;
  }

  /** Recorded time of the last event given to {@link next}. */
  get latest(): number {
    return this.#floor;
  }

  /** Recorded time of the next event in order. */
  next({ position, created }: Placed): number {
    this.#to = position;
    if (created >= this.#floor) {
      this.#floor = created;
      return created;
    }
    const last = this.#steps.at(-1);
    if (last?.floor === this.#floor) last.to = position;
    else this.#stepBack(position, this.#floor - created);
    return this.#floor;
  }

  /** Recorded time of any event, as far as it is known what came before it. */
  of({ position, created }: Placed): number {
    const anchor = this.#anchors.get(position);
    if (anchor !== undefined) return anchor;
    if (position === this.#from) return this.#first;
    if (this.#from !== undefined && position > this.#to) return Math.max(created, this.#floor);
    const step = this.#steps.findLast(({ from, to }) => from <= position && position <= to);
    return step === undefined ? created : Math.max(created, step.floor);
  }

  /** Recorded time at a position, where it is known for certain. */
  certain(event: Placed): number | undefined {
    const anchor = this.#anchors.get(event.position);
    if (anchor !== undefined) return anchor;
    const isFollowed =
      this.#from !== undefined && event.position >= this.#from && event.position <= this.#to;
    return isFollowed ? this.of(event) : undefined;
  }

  anchor(position: bigint, recordedAt: number): void {
    this.#anchors.delete(position);
    this.#anchors.set(position, recordedAt);
    for (const oldest of this.#anchors.keys()) {
      if (this.#anchors.size <= KEPT_ANCHORS) return;
      this.#anchors.delete(oldest);
    }
  }

  /** The last position up to this one that is known to be one, 0 when none is. */
  lastAnchor(upTo: bigint): bigint {
    let last = 0n;
    for (const position of this.#anchors.keys()) {
      if (position <= upTo && position > last) last = position;
    }
    return last;
  }

  #stepBack(position: bigint, byMs: number): void {
    this.#steps.push({ from: position, to: position, floor: this.#floor });
    if (this.#steps.length > KEPT_STEPS) this.#steps.shift();
    if (byMs > CLOCK_STEP_MS) this.#onNotice({ kind: 'clock-set-back', position, byMs });
  }
}
