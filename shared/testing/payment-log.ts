import type { MemoryLog } from './memory-log.js';
import type { PaymentHistory } from './payment-history.js';

/** Records the events of several payments in a log, in the order of their times, interleaved. */
export function recordPayments(log: MemoryLog, histories: readonly PaymentHistory[]): void {
  const events = histories.flatMap(({ stream, newEvents, decoded }) =>
    newEvents.map((event, place) => ({
      stream,
      event,
      recordedAt: decoded[place]?.recordedAt ?? 0,
    })),
  );
  // A stable sort: events of one payment stay in their order.
  events.sort((one, other) => one.recordedAt - other.recordedAt);
  for (const { stream, event, recordedAt } of events) log.append(stream, { ...event, recordedAt });
}
