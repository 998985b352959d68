import { readFileSync } from 'node:fs';

/** Of the figures in /proc. Linux has had no other for decades. */
const TICKS_PER_SECOND = 100;

/** How much of the processor some processes took while something was measured. */
export class ProcessorTime {
  readonly #ticks = new Map<string, number>();
  #milliseconds = 0;

  /** @param processes by name; undefined: it runs elsewhere, and nothing is known of it */
  constructor(private readonly processes: ReadonlyMap<string, number | undefined>) {}

  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = this.#read();
    const start = performance.now();
    const result = await work();
    this.#milliseconds += performance.now() - start;
    for (const [name, ticks] of this.#read()) {
      const more = ticks - (before.get(name) ?? ticks);
      this.#ticks.set(name, (this.#ticks.get(name) ?? 0) + more);
    }
    return result;
  }

  /** Processor time of one process, in seconds. */
  seconds(name: string): number {
    return (this.#ticks.get(name) ?? 0) / TICKS_PER_SECOND;
  }

  /** The share of one core that each process took. */
  text(): string {
    return [...this.#ticks]
      .map(
        ([name]) => `${name} ${Math.round((100_000 * this.seconds(name)) / this.#milliseconds)} %`,
      )
      .join(', ');
  }

  #read(): ReadonlyMap<string, number> {
    const read = new Map<string, number>();
    for (const [name, pid] of this.processes) {
      if (pid !== undefined) read.set(name, ticksOf(pid));
    }
    return read;
  }
}

/** User and system time of a process, all its threads together. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
