import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { nextStep, spacing, type Progress, type Step, type Toxics } from './toxics.js';

/** Time and chance, as the proxy was given them. */
export type Surroundings = Readonly<{
  clock: () => number;
  /** Waits; ends early, without an error, when the signal aborts. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
}>;

/** What a flow tells the connection it is part of. */
export type FlowReports = Readonly<{
  passed: (bytes: number) => void;
  swallowed: (bytes: number) => void;
  /** A toxic ends the connection. */
  cut: (how: 'close' | 'reset') => void;
  /** The sender went away without an end, and everything before that has been handed on. */
  broken: () => void;
}>;

/** So much is taken from a sender before its receiver has it; beyond that, the sender waits. */
const MOST_BUFFERED = 1 << 18;

/** One direction of a connection: takes bytes from one socket and hands them on to the other. */
export class Flow {
  readonly #queue: { bytes: Buffer; arrivedAt: number; luck: number }[] = [];
  #buffered = 0;
  #endedAt: number | undefined;
  #broken = false;
  #blocked = false;
  #holed = false;
  #since: number;
  #passed = 0;
  #readyAt = 0;
  #over = false;
  #alarm = new AbortController();

  constructor(
    private readonly source: Readable,
    private readonly sink: Writable,
    private toxics: Toxics,
    private readonly around: Surroundings,
    private readonly reports: FlowReports,
  ) {
    this.#since = around.clock();
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.once('end', () => this.#ended(false));
    source.on('error', () => this.#ended(true));
    sink.on('drain', () => {
      this.#blocked = false;
      this.#wake();
    });
  }

  /** Hands on until the end has come through, or the flow is stopped. */
  async run(): Promise<void> {
    while (!this.#over) {
      const step = nextStep(this.toxics, this.#progress(), this.around.clock(), this.around.random);
      await this.#do(step);
    }
  }

  /** From now on other toxics act. */
  switchTo(toxics: Toxics): void {
    this.toxics = toxics;
    this.#since = this.around.clock();
    this.#passed = 0;
    this.#readyAt = 0;
    this.#wake();
  }

  /** Hands on nothing more. */
  stop(): void {
    this.#over = true;
    this.#queue.length = 0;
    this.#wake();
  }

  #progress(): Progress {
    const [first] = this.#queue;
    return {
      since: this.#since,
      passed: this.#passed,
      readyAt: this.#readyAt,
      holed: this.#holed,
      blocked: this.#blocked,
      head: first === undefined ? undefined : { ...first, length: first.bytes.length },
      endedAt: this.#endedAt,
    };
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'rest':
        await this.#rest(step.ms);
        return;
      case 'send':
        this.#send(this.#shift(step.bytes));
        return;
      case 'swallow':
        this.#holed = true;
        this.reports.swallowed(this.#shift(Infinity).length);
        return;
      case 'end':
        this.#over = true;
        if (this.#broken) this.reports.broken();
        else this.sink.end();
        return;
      case 'close':
      case 'reset':
        this.#over = true;
        this.reports.cut(step.kind);
        return;
    }
  }

  async #rest(ms: number | undefined): Promise<void> {
    const { signal } = (this.#alarm = new AbortController());
    if (ms === undefined) await once(signal, 'abort');
    else await this.around.pause(ms, signal);
  }

  #wake(): void {
    this.#alarm.abort();
  }

  #take(bytes: Buffer): void {
    const wasEmpty = this.#queue.length === 0;
    const { clock, random } = this.around;
    this.#queue.push({ bytes, arrivedAt: clock(), luck: random() });
    this.#buffered += bytes.length;
    if (this.#buffered >= MOST_BUFFERED) this.source.pause();
    if (wasEmpty) this.#wake();
  }

  #ended(broken: boolean): void {
    this.#endedAt ??= this.around.clock();
    this.#broken ||= broken;
    this.#wake();
  }

  /** Takes so many bytes off the first ones that wait, or all of these. */
  #shift(most: number): Buffer {
    const [first] = this.#queue;
    if (first === undefined) throw new Error('nothing waits');
    const piece = first.bytes.subarray(0, most);
    if (piece.length === first.bytes.length) this.#queue.shift();
    else first.bytes = first.bytes.subarray(piece.length);
    this.#buffered -= piece.length;
    if (this.#buffered < MOST_BUFFERED) this.source.resume();
    return piece;
  }

  #send(bytes: Buffer): void {
    const now = this.around.clock();
    this.#readyAt = Math.max(now, this.#readyAt) + spacing(this.toxics, bytes.length);
    this.#passed += bytes.length;
    this.reports.passed(bytes.length);
    // A receiver that is gone takes nothing; its own flow brings the news to the sender.
    if (!this.sink.writable) return;
    this.#blocked = !this.sink.write(bytes);
  }
}
