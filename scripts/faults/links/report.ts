import type { Recovery } from './recovery.js';

/** How long recoveries took. */
export class Recoveries {
  readonly #all: Readonly<{ after: string; ms: number; recovery: Recovery }>[] = [];

  add(after: string, recovery: Recovery): void {
    const { command, query, relay } = recovery;
    this.#all.push({ after, ms: Math.max(command, query, relay), recovery });
  }

  /** One line for each. */
  lines(): readonly string[] {
    return this.#all.map(({ after, recovery }) => `after ${after}: ${figures(recovery)}`);
  }

  /** One line: the median, and the longest with what it was after. */
  line(): string {
    const sorted = this.#all.toSorted((one, other) => one.ms - other.ms);
    const middle = sorted[Math.floor(sorted.length / 2)];
    const longest = sorted.at(-1);
    if (middle === undefined || longest === undefined) return 'nothing had to recover';
    return (
      `${sorted.length} recoveries: median ${middle.ms.toFixed(0)} ms, longest ` +
      `${longest.ms.toFixed(0)} ms after ${longest.after} (${figures(longest.recovery)})`
    );
  }
}

function figures({ command, query, relay }: Recovery): string {
  return (
    `a command ${command.toFixed(0)} ms, a query ${query.toFixed(0)} ms, ` +
    `the relay ${relay.toFixed(0)} ms`
  );
}
