import type { Clock } from '../../shared/ports/clock.js';
import type {
  GatewayAnswer,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
} from '../../shared/ports/payment-gateway.js';
import type { GatewayEntry } from './gateways.js';

/** Runs something after so many milliseconds, unless what it answers is called before. */
export type Wait = (milliseconds: number, run: () => void) => () => void;

/** How long an answer that came too late is still listened for. */
const LATE_MS = 60_000;

type Call<Answer> = (gateway: PaymentGateway, signal: AbortSignal) => Promise<Answer>;

/** Calls gateways: each with its time-out and its breaker, and whatever they do as an answer. */
export class GatewayCalls {
  readonly #running = new Set<AbortController>();

  constructor(
    readonly clock: Clock,
    readonly wait: Wait,
  ) {}

  /**
   * Calls a gateway and waits for it no longer than its time-out. An answer that comes after that
   * goes to `late`.
   */
  call(
    entry: GatewayEntry,
    call: Call<GatewayAnswer>,
    late: (answer: GatewayAnswer) => void,
  ): Promise<GatewayAnswer> {
    return this.#within(
      entry,
      async (gateway, signal) => {
        try {
          return await call(gateway, signal);
        } catch (error) {
          return { kind: 'unknown', reason: 'garbled', detail: reasonOf(error) };
        }
      },
      {
        silent: { kind: 'unknown', reason: 'timeout', detail: noAnswer(entry) },
        answered: (answer) => answer.kind !== 'unknown',
        late,
      },
    );
  }

  /** Asks a gateway what became of a request. Silence is no answer. */
  inquire(entry: GatewayEntry, inquiry: Inquiry): Promise<InquiryAnswer> {
    return this.#within(
      entry,
      async (gateway, signal) => {
        try {
          return await gateway.inquire(inquiry, signal);
        } catch (error) {
          return { kind: 'no-answer', detail: reasonOf(error) };
        }
      },
      {
        silent: { kind: 'no-answer', detail: noAnswer(entry) },
        answered: (answer) => answer.kind !== 'no-answer',
      },
    );
  }

  /** Ends every call that is still listened for. */
  abort(): void {
    for (const controller of this.#running) controller.abort();
  }

  #within<Answer>(
    { gateway, timeoutMs, breaker }: GatewayEntry,
    call: Call<Answer>,
    {
      silent,
      answered,
      late,
    }: Readonly<{
      silent: Answer;
      answered: (answer: Answer) => boolean;
      late?: (answer: Answer) => void;
    }>,
  ): Promise<Answer> {
    const controller = new AbortController();
    this.#running.add(controller);
    return new Promise((resolve, reject) => {
      let tooLate = false;
      let cancel = this.wait(timeoutMs, () => {
        tooLate = true;
        breaker.failed(this.clock());
        resolve(silent);
        if (late === undefined) controller.abort();
        else cancel = this.wait(LATE_MS, () => controller.abort());
      });
      call(gateway, controller.signal).then((answer) => {
        this.#running.delete(controller);
        cancel();
        if (tooLate) {
          if (answered(answer)) late?.(answer);
          return;
        }
        if (answered(answer)) breaker.succeeded(this.clock());
        else breaker.failed(this.clock());
        resolve(answer);
      }, reject);
    });
  }
}

function noAnswer({ name, timeoutMs }: GatewayEntry): string {
  return `no answer from ${name} within ${timeoutMs} ms`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the adapter failed';
}
