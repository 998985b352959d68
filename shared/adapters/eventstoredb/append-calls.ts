import { randomUUID } from 'node:crypto';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import type { ExpectedRevision } from '../../ports/event-store.js';
import type { Connection } from './connection.js';
import { failureOf } from './faults.js';
import type { AppendCall, Opened } from './vendor-client.js';
import { appendAnswerOf, appendRequest, type AppendAnswer, type SentEvent } from './wire.js';

type Settle = (answer: AppendAnswer) => void;

/**
 * Appends over one shared call, many in flight. Which answer is whose is kept here and for this call
 * only: the package keeps it for the whole process, so that a fault of one server rejects the
 * appends to another. Every append is answered: with `unknown` after a time-out, and when the call
 * ends in whatever way.
 */
export class AppendCalls {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  #current: Promise<SharedCall> | undefined;

  constructor(connection: Connection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws when no call can be made: then nothing was sent */
  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly SentEvent[],
  ): Promise<AppendAnswer> {
    const call = await this.#open();
    return await new Promise((settle) => {
      const id = randomUUID();
      const request = appendRequest({ id, stream, expected, events });
      call.send(id, request, settle, this.#timeoutMs);
    });
  }

  async #open(): Promise<SharedCall> {
    for (;;) {
      const opening = (this.#current ??= this.#openNew());
      try {
        const call = await opening;
        if (call.isOpen) return call;
      } catch (error) {
        if (this.#current === opening) this.#current = undefined;
        throw error;
      }
      if (this.#current === opening) this.#current = undefined;
    }
  }

  async #openNew(): Promise<SharedCall> {
    return new SharedCall(await this.#connection.openAppends());
  }
}

class SharedCall {
  readonly #opened: Opened<AppendCall>;
  readonly #waiting = new Map<string, Settle>();
  #isOpen = true;

  constructor(opened: Opened<AppendCall>) {
    this.#opened = opened;
    const { call } = opened;
    call.on('data', (response: BatchAppendResp) => {
      try {
        this.#answer(response);
      } catch (error) {
        // Thrown from here it would be nobody's.
        this.#lost(`an answer that is none: ${String(error)}`);
      }
    });
    call.on('error', (error) => this.#lost(reasonOf(error)));
    // Half-closed: of what is still waiting nothing will be heard.
    call.on('end', () => this.#lost('the server ended the call'));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(
    id: string,
    request: Parameters<AppendCall['write']>[0],
    settle: Settle,
    timeoutMs: number,
  ): void {
    const late = setTimeout(() => this.#timedOut(id, timeoutMs), timeoutMs);
    this.#waiting.set(id, (answer) => {
      clearTimeout(late);
      settle(answer);
    });
    this.#opened.call.write(request, (error: Error | null | undefined) => {
      if (error instanceof Error) this.#lost(reasonOf(error));
    });
  }

  #answer(response: BatchAppendResp): void {
    const { id, answer } = appendAnswerOf(response);
    // No refusal: the node is no leader, or not ready. Another may be; at worst it is the same one.
    if (answer.kind === 'unknown') this.#leave();
    // An answer to nobody came too late: its append was told so.
    if (id !== undefined) this.#settle(id, answer);
  }

  #settle(id: string, answer: AppendAnswer): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(answer);
    if (!this.#isOpen) this.#endWhenIdle();
  }

  #timedOut(id: string, timeoutMs: number): void {
    this.#leave();
    this.#settle(id, { kind: 'unknown', reason: `no answer within ${timeoutMs} ms` });
  }

  /** No new append goes out on a call that left one without an answer; the others may wait on. */
  #leave(): void {
    if (this.#isOpen) this.#opened.suspect();
    this.#isOpen = false;
  }

  #lost(reason: string): void {
    this.#isOpen = false;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: 'unknown', reason });
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.#waiting.size > 0) return;
    this.#opened.call.cancel();
    // Half-closed by the server it would stay half-open, and the client would wait for it for ever.
    this.#opened.call.destroy();
  }
}

function reasonOf(error: Error): string {
  const isTooOld = failureOf(error).code === status.UNIMPLEMENTED;
  return isTooOld ? 'it has no BatchAppend, which versions from 21.10 on have' : error.message;
}
