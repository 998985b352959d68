import { setTimeout as moment } from 'node:timers/promises';
import { declareGuarded } from '../../bench/api.js';
import type { Random } from '../../bench/random.js';
import { readEvents } from '../log-event.js';
import { GUARDED, History } from '../history.js';
import { checkNewEvents, throwProblems } from '../run.js';
import { Traffic } from '../traffic.js';
import { checkTopic, checkViews } from './judge.js';
import { Reader } from './reader.js';
import { recovered, type Recovery } from './recovery.js';
import type { World } from './world.js';

/** When something happens, seen from the traffic. */
export type When = 'before' | 'during' | 'after';

/** Something that goes wrong, and is made good again. */
export type Trouble = Readonly<{
  name: string;
  begin: () => Promise<void>;
  end: () => Promise<void>;
  /** How long it lasts, ms. */
  lastsMs: number;
}>;

const CALLERS = 4;
/** A recovery that takes longer should be explained: the report holds what services said. */
const SLOW_MS = 5_000;

/** Traffic of commands and queries on a world in which things go wrong, and the judge of it all. */
export class Trial {
  readonly history = new History();
  readonly reader = new Reader();
  readonly #traffic: Traffic;
  #rounds = 0;

  constructor(
    private readonly world: World,
    readonly random: Random,
  ) {
    this.#traffic = new Traffic(random, this.history);
  }

  /** What has to be there before the traffic. */
  async prepare(): Promise<void> {
    await declareGuarded(this.world.url('command'), GUARDED);
  }

  /**
   * One trouble, and what becomes of everything that was sent around it.
   * @returns how long it took until everything worked again, from the end of the trouble on
   * @throws when something was lost, is there twice, is wrong, or does not work again
   */
  async round(trouble: Trouble, when: When): Promise<Recovery> {
    try {
      return await this.#round(trouble, when);
    } catch (error) {
      throw new Error(`${trouble.name}, ${when} traffic\n${this.world.said()}`, { cause: error });
    }
  }

  /**
   * Holds everything against everything: the log as it is read now against what was seen of it, the
   * views against the log, the topic against the log.
   * @returns figures for the report
   */
  async judge(): Promise<string> {
    await recovered(this.world, 'end', performance.now());
    const url = this.world.url('query');
    await checkNewEvents(url, this.history);
    this.history.seeAgain(await readEvents(url, 0n));
    throwProblems(this.history.problems());
    await checkViews(this.world);
    const messages = await checkTopic(this.world);
    const known = (kind: string): number =>
      this.history.sent.filter((entry) => entry.knowledge.kind === kind).length;
    if (known('unknown') > 0) throw new Error(`${known('unknown')} entries without an answer`);
    return (
      `${known('acknowledged')} entries acknowledged, ${known('refused')} refused, ` +
      `${this.history.size} events, ${messages} messages, ${this.reader.answers} answers read`
    );
  }

  async #round(trouble: Trouble, when: When): Promise<Recovery> {
    let going = true;
    if (when === 'before') await trouble.begin();
    const load = this.#load(() => going);
    await moment(50 + this.random.below(100));
    if (when === 'after') going = false;
    if (when !== 'before') await trouble.begin();
    await moment(trouble.lastsMs);
    await trouble.end();
    const since = performance.now();
    going = false;
    this.#rounds += 1;
    const recovery = await recovered(this.world, `round-${this.#rounds}`, since);
    const slowest = Math.max(...Object.values(recovery));
    if (slowest > SLOW_MS) console.log(`${trouble.name}: ${slowest} ms\n${this.world.said()}`);
    await load;
    await this.#traffic.settle(this.world.url('command'));
    throwProblems([...this.#traffic.surprises, ...this.reader.problems]);
    await checkNewEvents(this.world.url('query'), this.history);
    return recovery;
  }

  async #load(goOn: () => boolean): Promise<void> {
    const breathe = (): Promise<unknown> => moment(5);
    await Promise.all([
      this.#traffic.run(this.world.url('command'), CALLERS, goOn, breathe),
      this.reader.run(this.world.url('query'), goOn, breathe),
    ]);
  }
}
