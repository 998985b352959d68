import { Worker } from 'node:worker_threads';
import type { Clock } from '../../ports/clock.js';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';
import type { AppendResult, ExpectedRevision, NewEvent } from '../../ports/event-store.js';
import type { WriterReply, WriterRequest } from './event-messages.js';
import { refusalOf, Outbox } from './event-outbox.js';

/** So many events are sent to the writer at once, before the tick has ended, to keep it busy. */
const FULL_OUTBOX_EVENTS = 256;
const FIRST_RESTART_MS = 50;
const LAST_RESTART_MS = 5000;

/**
 * The main thread's side of the writer thread. Nothing here waits for the disk: appends are handed
 * over and their promises settled when the writer answers, in the order they were sent.
 */
export class LogWriter {
  readonly #folder: string;
  readonly #clock: Clock | undefined;
  /** Undefined while the writer thread is down. */
  #worker: Worker | undefined;
  #filling: Outbox | undefined;
  #sent: Outbox[] = [];
  #closed = false;
  #restarts = 0;
  #groups = 0;

  private constructor(folder: string, clock: Clock | undefined) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Starts the writer thread of a log that exists. */
  static async start(folder: string, clock: Clock | undefined): Promise<LogWriter> {
    const writer = new LogWriter(folder, clock);
    await writer.#startWorker();
    return writer;
  }

  /** How many groups were committed, each with one fsync. */
  get groups(): number {
    return this.#groups;
  }

  /** @see EventStore.append. Not an async function: each would cost one promise more. */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const refusal = this.#unavailable() ?? refusalOf(stream, expected, events);
    if (refusal !== undefined) return Promise.reject(refusal);
    const outbox = this.#openOutbox();
    const answer = outbox.put(stream, expected, events);
    if (outbox.events >= FULL_OUTBOX_EVENTS) this.#flush();
    return answer;
  }

  #unavailable(): StoreUnavailable | undefined {
    if (this.#closed) return new StoreUnavailable('the log is closed');
    if (this.#worker === undefined) return new StoreUnavailable('the writer of the log is down');
    return undefined;
  }

  #openOutbox(): Outbox {
    if (this.#filling === undefined) {
      this.#filling = new Outbox(this.#clock?.());
      setImmediate(() => {
        this.#flush();
      });
    }
    return this.#filling;
  }

  /** From now on the file may not grow above so many pages; for quotas and for tests. */
  limitPages(pages: number): void {
    this.#post({ kind: 'limit', pages });
  }

  /** Finishes what is in hand, then stops the thread. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage({ kind: 'close' } satisfies WriterRequest);
    await ended;
  }

  /** Kills the thread as a fault would; it comes back by itself. */
  async killThread(): Promise<void> {
    await this.#worker?.terminate();
  }

  #flush(): void {
    const outbox = this.#filling;
    if (outbox === undefined) return;
    this.#filling = undefined;
    this.#sent.push(outbox);
    this.#worker?.ref();
    this.#post(outbox.batch);
  }

  #post(request: WriterRequest): void {
    this.#worker?.postMessage(request);
  }

  #startWorker(): Promise<void> {
    const url = new URL('./event-log-writer.js', import.meta.url);
    const worker = new Worker(url, { workerData: this.#folder });
    return new Promise((resolve, reject) => {
      let reason: unknown;
      worker.on('message', (message: WriterReply) => {
        if (message.kind === 'ready') {
          this.#worker = worker;
          this.#restarts = 0;
          worker.unref();
          resolve();
        } else {
          this.#handle(message);
        }
      });
      worker.once('error', (error) => (reason = error));
      worker.once('exit', () => {
        const fault = new StoreUnavailable('the writer of the log stopped', { cause: reason });
        reject(fault);
        this.#handleExit(worker, fault);
      });
    });
  }

  #handle(message: Exclude<WriterReply, { kind: 'ready' }>): void {
    const answered = this.#sent.splice(0, message.batches);
    // A writer that has nothing to do does not keep the process alive.
    if (this.#sent.length === 0) this.#worker?.unref();
    switch (message.kind) {
      case 'committed': {
        this.#groups += 1;
        let at = 0;
        for (const outbox of answered) at = outbox.settle(message.answers, at);
        return;
      }
      case 'failed': {
        const Fault = message.full ? StorageFull : StoreUnavailable;
        for (const outbox of answered) outbox.fail(new Fault(message.message));
        return;
      }
    }
  }

  #handleExit(worker: Worker, fault: StoreUnavailable): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = this.#sent;
    this.#sent = [];
    if (this.#filling !== undefined) lost.push(this.#filling);
    this.#filling = undefined;
    for (const outbox of lost) outbox.fail(fault);
    this.#restartLater();
  }

  #restartLater(): void {
    if (this.#closed) return;
    const wait = Math.min(FIRST_RESTART_MS * 2 ** this.#restarts, LAST_RESTART_MS);
    this.#restarts += 1;
    const timer = setTimeout(() => {
      if (this.#closed) return;
      this.#startWorker().catch(() => {
        this.#restartLater();
      });
    }, wait);
    timer.unref();
  }
}
