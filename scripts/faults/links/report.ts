import type { Recovery } from './recovery.js';

/** How long recoveries took: the median, and the longest with what it was after. */
export class Recoveries {
  readonly #all: Readonly<{ after: string; ms: number; recovery: Recovery }>[] = [];

  add(after: string, recovery: Recovery): void {
    const { command, query, relay } = recovery;
    this.#all.push({ after, ms: Math.max(command, query, relay), recovery });
  }

  /** One line of it. */
  line(): string {
    const sorted = this.#all.toSorted((one, other) => one.ms - other.ms);
    const middle = sorted[Math.floor(sorted.length / 2)];
    const longest = sorted.at(-1);
    if (middle === undefined || longest === undefined) return 'nothing had to recover';
    const { command, query, relay } = longest.recovery;
    return (
      `${sorted.length} recoveries: median ${middle.ms.toFixed(0)} ms, longest ` +
      `${longest.ms.toFixed(0)} ms after ${longest.after} (a command ${command.toFixed(0)}, ` +
      `a query ${query.toFixed(0)}, the relay ${relay.toFixed(0)})`
    );
  }
}
