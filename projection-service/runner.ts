import { setImmediate as nextTurn } from 'node:timers/promises';
import { Bell } from './bell.js';
import { retryDelay, type ProjectionSettings } from './config.js';
import { LogBatch } from './log-batch.js';
import { LogSource } from './log-source.js';
import { Member, type Standing } from './member.js';
import { reasonOf, ViewTask, type TaskReport } from './view-task.js';

export type ViewHealth = Readonly<{
  view: string;
  standing: Standing;
  checkpoint: bigint;
  parked: number;
}>;

/** `log`: why the log cannot be read now. */
export type ProjectionHealth = Readonly<{
  ok: boolean;
  log: string | null;
  views: readonly ViewHealth[];
}>;

/**
 * `behind`: head of the log less checkpoint, in positions, which are sparse in some stores. `ms`: how
 * long the oldest event that was not handled has been there. `parked`: events that wait.
 */
export type ViewLag = Readonly<{
  view: string;
  checkpoint: bigint;
  behind: bigint;
  ms: number;
  parked: number;
}>;

type LogFault = Readonly<{ due: number; attempt: number; reason: string }>;

/**
 * Runs all views: reads the log from their checkpoints, decodes each event once, folds, and commits
 * changes and checkpoint together. A view that fails, is fenced or stops does not hold up others.
 */
export class Runner {
  readonly #members: readonly Member[];
  readonly #bell = new Bell();
  #source: LogSource | undefined;
  #logFault: LogFault | undefined;
  #stopping = false;
  #running: Promise<void> | undefined;

  constructor(private readonly settings: ProjectionSettings) {
    const onCommit = (report: TaskReport) => {
      this.#report(report);
    };
    this.#members = settings.views.map(
      (view) => new Member(new ViewTask(view, settings.store, onCommit), settings),
    );
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Finishes and commits the batch in hand, then ends. What is not handled yet stays in the log. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#bell.ring();
    await this.#running;
  }

  health(): ProjectionHealth {
    const log = this.#logFault?.reason ?? null;
    const views = this.#members.map(({ name, standing, task }) => ({
      view: name,
      standing,
      checkpoint: task.checkpoint,
      parked: task.parked,
    }));
    const isWell = ({ kind }: Standing) => kind === 'running' || kind === 'standby';
    return { ok: log === null && views.every(({ standing }) => isWell(standing)), log, views };
  }

  /** @throws what the log throws */
  async lag(): Promise<readonly ViewLag[]> {
    const head = await this.settings.log.head();
    const lags: ViewLag[] = [];
    for (const { name, task } of this.#members) {
      const { checkpoint, parked } = task;
      const behind = checkpoint < head ? head - checkpoint : 0n;
      const ms = behind === 0n ? 0 : await this.#waitingMs(checkpoint);
      lags.push({ view: name, checkpoint, behind, ms, parked });
    }
    return lags;
  }

  /** How long the first event after a checkpoint has been there. */
  async #waitingMs(checkpoint: bigint): Promise<number> {
    const [oldest] = await this.settings.log.readAll(checkpoint, 1);
    return oldest === undefined ? 0 : Math.max(0, this.settings.clock() - oldest.recordedAt);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping) {
        this.#bell.mute();
        for (const member of this.#members) await member.wake();
        // One turn is seldom more than a moment; then others on this thread have theirs.
        if (await this.#turn()) await nextTurn();
        else await this.#idle();
      }
    } finally {
      this.#source?.close();
    }
  }

  /** False: there was nothing to do. */
  async #turn(): Promise<boolean> {
    if (!this.#members.some(({ isRunning }) => isRunning)) return false;
    try {
      const newest = await this.#newestBatch();
      if (newest !== undefined) await this.#handle(newest);
      const old = await this.#laggardBatch();
      if (old !== undefined) await this.#handle(old);
      return newest !== undefined || old !== undefined;
    } catch (error) {
      this.#logFailed(error);
      return false;
    }
  }

  async #handle(batch: LogBatch): Promise<void> {
    for (const member of this.#members) {
      if (member.isRunning) await member.handle(batch);
    }
  }

  /** What is new for the views furthest on. */
  async #newestBatch(): Promise<LogBatch | undefined> {
    const { clock, log, batchSize } = this.settings;
    if (this.#logFault !== undefined && this.#logFault.due > clock()) return undefined;
    this.#source ??= new LogSource(log, this.#checkpoints().at(-1) ?? 0n, batchSize, this.#bell);
    const batch = await this.#source.next();
    this.#logFault = undefined;
    return batch;
  }

  /** What the view furthest back still has to handle of what others have handled. */
  async #laggardBatch(): Promise<LogBatch | undefined> {
    const lowest = this.#checkpoints()[0];
    const delivered = this.#source?.delivered;
    if (lowest === undefined || delivered === undefined || lowest >= delivered) return undefined;
    const events = await this.settings.log.readAll(lowest, this.settings.laggardBatchSize);
    return events.length === 0 ? undefined : new LogBatch(lowest, events);
  }

  /** Checkpoints of the views that run, the lowest first. */
  #checkpoints(): readonly bigint[] {
    return this.#members
      .filter(({ isRunning }) => isRunning)
      .map(({ task }) => task.checkpoint)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #logFailed(error: unknown): void {
    const { clock, onNotice } = this.settings;
    const attempt = this.#logFault === undefined ? 0 : this.#logFault.attempt + 1;
    const retryInMs = retryDelay(attempt, this.settings);
    this.#logFault = { due: clock() + retryInMs, attempt, reason: reasonOf(error) };
    this.#source?.close();
    this.#source = undefined;
    onNotice({ kind: 'fault', error, retryInMs });
  }

  /** Waits for the log to have more, for a view to be due, or for the end. */
  async #idle(): Promise<void> {
    const delivered = this.#source?.delivered ?? 0n;
    for (const member of this.#members) {
      if (member.isRunning && member.task.checkpoint >= delivered) member.markWell();
    }
    const dues = this.#members.flatMap(({ due }) => due ?? []);
    if (this.#logFault !== undefined) dues.push(this.#logFault.due);
    if (dues.length === 0) return this.#bell.heard();
    const waiting = new AbortController();
    const ms = Math.max(1, Math.min(...dues) - this.settings.clock());
    await Promise.race([this.#bell.heard(), this.settings.pause(ms, waiting.signal)]);
    waiting.abort();
  }

  #report({ view, events, parked, at }: TaskReport): void {
    const { clock, onNotice } = this.settings;
    const position = this.#members.find(({ name }) => name === view)?.task.checkpoint ?? 0n;
    onNotice({ kind: 'committed', view, events, parked, position, delayMs: clock() - at });
  }
}
