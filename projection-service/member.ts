import { reasonOf, type Outcome, type ViewTask } from './view-task.js';
import type { LogBatch } from './log-batch.js';
import { retryDelay, type ProjectionSettings } from './config.js';

/** How a view is doing. */
export type Standing =
  | Readonly<{ kind: 'running' }>
  /** Another runner is at work; take over when its checkpoint stands still. */
  | Readonly<{ kind: 'standby'; due: number }>
  /** A store failed; `due`: when to try again. */
  | Readonly<{ kind: 'waiting'; due: number; reason: string }>
  /** An event that cannot be handled and must not be left out. For good, in this process. */
  | Readonly<{ kind: 'stopped'; position: bigint; reason: string }>;

/** One view within the runner: its task, and when it may go on. */
export class Member {
  #standing: Standing = { kind: 'waiting', due: 0, reason: 'starting' };
  #attempt = 0;
  /** Why it last failed, until it gets further or has nothing left to do. */
  #failure: string | undefined;

  constructor(
    readonly task: ViewTask,
    private readonly settings: ProjectionSettings,
  ) {}

  get name(): string {
    return this.task.view.name;
  }

  get standing(): Standing {
    if (this.#failure === undefined || !this.isRunning) return this.#standing;
    // It tries again, which may take long: that is not yet to be well.
    return { kind: 'waiting', due: this.settings.clock(), reason: this.#failure };
  }

  get isRunning(): boolean {
    return this.#standing.kind === 'running';
  }

  /** When it is to be woken, ms since 1970; undefined: it needs no waking. */
  get due(): number | undefined {
    const standing = this.#standing;
    return standing.kind === 'standby' || standing.kind === 'waiting' ? standing.due : undefined;
  }

  /** Notes that it has got further, or has nothing left to do. */
  markWell(): void {
    this.#attempt = 0;
    this.#failure = undefined;
  }

  /** Goes on from what is stored, if it is time to. */
  async wake(): Promise<void> {
    const { due } = this;
    if (due === undefined || due > this.settings.clock()) return;
    const before = this.task.checkpoint;
    const wasStandby = this.#standing.kind === 'standby';
    try {
      await this.task.load();
      const head = await this.settings.log.head();
      if (this.task.checkpoint > head) this.#stop(head, AHEAD_OF_LOG);
      else if (!(await this.task.isOf(this.settings.log))) {
        this.#stop(this.task.checkpoint, OF_ANOTHER_LOG);
      } else if (wasStandby && this.task.checkpoint !== before) this.#standBy();
      else this.#standing = { kind: 'running' };
    } catch (error) {
      this.#retryLater(error);
    }
  }

  /** Handles a batch, and changes its standing by what comes of it. */
  async handle(batch: LogBatch): Promise<void> {
    const before = this.task.checkpoint;
    try {
      await this.#settle(await this.task.handle(batch));
      if (this.task.checkpoint !== before) this.markWell();
    } catch (error) {
      this.#retryLater(error);
    }
  }

  async #settle(outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'handled':
        return;
      case 'stopped':
        this.#stop(outcome.position, outcome.reason);
        return;
      case 'fenced':
        this.settings.onNotice({ kind: 'fenced', view: this.name });
        this.#standBy();
        await this.task.load();
        return;
    }
  }

  #standBy(): void {
    this.#standing = { kind: 'standby', due: this.settings.clock() + this.settings.standbyMs };
  }

  #stop(position: bigint, reason: string): void {
    this.#standing = { kind: 'stopped', position, reason };
    this.settings.onNotice({ kind: 'stopped', view: this.name, position, reason });
  }

  #retryLater(error: unknown): void {
    const retryInMs = retryDelay(this.#attempt++, this.settings);
    const due = this.settings.clock() + retryInMs;
    this.#failure = reasonOf(error);
    this.#standing = { kind: 'waiting', due, reason: this.#failure };
    this.settings.onNotice({ kind: 'fault', view: this.name, error, retryInMs });
  }
}

/** Lets verification say the same. */
export const AHEAD_OF_LOG =
  'the view has handled more than the log holds: it is of another log, rebuild';
const OF_ANOTHER_LOG = 'the log has another event where the view ended: rebuild';
