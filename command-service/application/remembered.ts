import type { Folded } from './handle.js';

/**
 * Folded streams, the most recently used ones remembered. Only a cache: what is forgotten is read
 * again, and what is out of date meets a conflict or a refresh.
 */
export class Remembered<Key, State> {
  readonly #states = new Map<Key, Folded<State>>();

  constructor(readonly capacity: number) {}

  get(key: Key): Folded<State> | undefined {
    return this.#states.get(key);
  }

  /** Remembers a state, unless a later one is known. */
  set(key: Key, folded: Folded<State>): void {
    const known = this.#states.get(key);
    if (known !== undefined && known.revision > folded.revision) return;
    this.#states.delete(key);
    this.#states.set(key, folded);
    if (this.#states.size <= this.capacity) return;
    // A map keeps the order of insertion: the first is the one longest unused.
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#states.clear();
  }

  get size(): number {
    return this.#states.size;
  }
}
