import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { timeoutFailure, tooSlowFailure, unavailableFailure, type Failure } from './failures.js';
import type { Cut } from './misbehaviour.js';

export type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

/** Sends the messages of one read, no faster than the client takes them. */
export class Sender {
  readonly #call: ReadCall;
  readonly #reset: () => void;
  readonly #waiting = new Set<() => void>();
  #isOpen = true;
  #isFull = false;

  constructor(call: ReadCall, reset: () => void) {
    this.#call = call;
    this.#reset = reset;
    call.on('cancelled', () => this.#close());
    call.on('close', () => this.#close());
    call.on('drain', () => {
      this.#isFull = false;
      this.wake();
    });
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves once the client has taken enough of what was sent before. */
  async send(message: streams.ReadResp): Promise<void> {
    if (!this.isOpen()) return;
    if (!this.#call.write(message)) this.#isFull = true;
    while (this.#isFull && this.isOpen()) await this.changed();
  }

  /** Resolves when the client took something, when somebody called {@link wake}, or at the end. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#call.end();
  }

  fail(failure: Failure): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#call.emit('error', failure);
  }

  cut(how: Cut): void {
    switch (how) {
      case 'end':
        this.end();
        return;
      case 'reset':
        this.#close();
        this.#reset();
        return;
      case 'unavailable':
        this.fail(unavailableFailure());
        return;
      case 'timed-out':
        this.fail(timeoutFailure('ReadEvents'));
        return;
      case 'too-slow':
        this.fail(tooSlowFailure());
    }
  }

  #close(): void {
    this.#isOpen = false;
    this.wake();
  }
}
