import { setTimeout as pauseFor } from 'node:timers/promises';
import { ledgerDay } from '../../shared/ledger/zone.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import { GatewayCalls, type Wait } from './gateway-calls.js';
import type { Gateways } from './gateways.js';
import { Janitor, SCHEDULE_MS } from './janitor.js';
import { Operations } from './operations.js';
import { PaymentCommands } from './payment-commands.js';
import { PaymentStates } from './payment-states.js';
import type { WatchedPayments } from './payment-watch.js';
import { RunningPayments, type OpenPayments } from './running-payments.js';

export type { OpenPayments } from './running-payments.js';

export type PaymentsOptions = Readonly<{
  store: EventStore;
  clock: Clock;
  ids: Ids;
  /** IANA name of the ledger's time zone. */
  zone: string;
  gateways: Gateways;
  /** What of the log has to be looked after. */
  watched: WatchedPayments;
  /** Merchants for whom a repeated key is a conflict, whatever it asked (requirement 29). */
  repetitionConflicts?: (merchant: string) => boolean;
  /** When gateways are asked about operations in doubt; default: {@link SCHEDULE_MS}. */
  schedule?: readonly number[];
  /** From 0 to below 1; default: the system's. */
  random?: () => number;
  /** Default: timers. */
  pause?: (milliseconds: number) => Promise<void>;
  wait?: Wait;
  /** Folded payments to remember; default: 20,000. */
  rememberedPayments?: number;
  /** Told of what goes wrong where nobody waits for an answer. */
  failed?: (error: unknown) => void;
}>;

/** Opens payments on a log that a ledger follows. */
export function openPayments(options: PaymentsOptions): OpenPayments {
  const { store, clock, ids, zone, gateways, watched, schedule = SCHEDULE_MS } = options;
  const { random = Math.random, pause = pauseFor, wait = startTimer } = options;
  const { failed = () => undefined, repetitionConflicts = () => false } = options;
  ledgerDay(clock(), zone);
  const states = new PaymentStates(store, options.rememberedPayments ?? 20_000);
  const commands = new PaymentCommands({ store, clock, ids, zone, random, pause, states });
  const calls = new GatewayCalls(clock, wait);
  const running = new Set<Promise<unknown>>();
  const background = (work: () => Promise<unknown>): void => {
    const done = work()
      .catch(failed)
      .finally(() => running.delete(done));
    running.add(done);
  };
  const operations = new Operations({ commands, calls, gateways, clock, background });
  const janitor = new Janitor({ watched, states, operations, gateways, clock, schedule, failed });
  const ports = { store, clock, ids, zone, gateways, states, commands, operations, random, pause };
  return new RunningPayments(
    { ...ports, background, failed, repetitionConflicts },
    { calls, janitor, running },
  );
}

function startTimer(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
}
