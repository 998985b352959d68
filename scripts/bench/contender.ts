import type { Comparison, Side } from './comparison.js';
import type { Aim } from './figure.js';
import type { ProcessorTime } from './processor-time.js';
import { median, type Latency } from './statistics.js';

/** What one round of work gave. */
export type Round = Readonly<{ perSecond: number; latency?: Latency }>;

/** One of two that do the same work, and what its rounds gave. */
export class Contender {
  readonly #rounds: Round[] = [];

  constructor(
    readonly by: string,
    readonly processors: ProcessorTime,
  ) {}

  async round(work: () => Promise<Round>): Promise<void> {
    this.#rounds.push(await this.processors.during(work));
  }

  get rate(): number {
    return median(this.#rounds.map(({ perSecond }) => perSecond));
  }

  percentile(name: keyof Latency): number {
    return median(this.#rounds.flatMap(({ latency }) => latency?.[name] ?? []));
  }

  side(value: number): Side {
    return { by: this.by, value };
  }

  busySide(value: number): Side {
    return { by: this.by, value, busy: this.processors.text() };
  }
}

/** Rounds in turns, each second one the other way round: a slow moment of the machine meets both. */
export async function inTurns<Way>(
  rounds: number,
  ways: readonly Way[],
  run: (way: Way, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const way of round % 2 === 0 ? ways : [...ways].reverse()) await run(way, round);
  }
}

/** The medians of all rounds of two, beside each other. */
export function compared(
  what: string,
  beside: Contender,
  measured: Contender,
  aims: Readonly<{ aim?: Aim; shareAim?: Aim }> = {},
): Comparison {
  return {
    what,
    unit: '/s',
    beside: beside.busySide(beside.rate),
    measured: measured.busySide(measured.rate),
    ...aims,
  };
}

/** The same for p50, p95 and p99. */
export function comparedLatencies(
  what: string,
  beside: Contender,
  measured: Contender,
): readonly Comparison[] {
  return (['p50', 'p95', 'p99'] as const).map((name) => ({
    what: `${what}, ${name}`,
    unit: 'ms',
    beside: beside.side(beside.percentile(name)),
    measured: measured.side(measured.percentile(name)),
  }));
}
