import { decodeEvent } from '../../shared/events/codec.js';
import { isLive } from '../../shared/payments/amounts.js';
import type { PaymentStream } from '../../shared/payments/payment.js';
import type { EventStore } from '../../shared/ports/event-store.js';
import type { Ids } from '../../shared/ports/ids.js';
import { handle, type Folded } from './handle.js';
import { newEvent, type Origin } from './record.js';

/** `taken`: the order has another live payment. */
export type OrderClaim =
  | Readonly<{ kind: 'claimed' }>
  | Readonly<{ kind: 'taken'; by: string }>
  | Readonly<{ kind: 'contention' }>;

/** How an order comes to know its payments. */
export type OrderPorts = Readonly<{
  store: EventStore;
  ids: Ids;
  random: () => number;
  pause: (milliseconds: number) => Promise<void>;
  /** A payment as it is in the log now. */
  read: (paymentId: string) => Promise<PaymentStream>;
  /** Closes the stream of a payment that was never requested; answers what is in it then. */
  abandon: (paymentId: string, orderId: string, insteadOf: string) => Promise<PaymentStream>;
}>;

export type OrderOf = Readonly<{ merchant: string; orderId: string; paymentId: string }>;

/** The stream of an order. A slash is in neither a merchant's name nor an id. */
function orderStream({ merchant, orderId }: OrderOf): string {
  return `order-${merchant}/${orderId}`;
}

/**
 * One live payment per order: each payment claims its order before it is requested. The claim of a
 * payment that was never requested, because its process is gone, is taken over; its stream is closed
 * first, so that a process that was merely slow finds out.
 */
export async function claimOrder(
  ports: OrderPorts,
  order: OrderOf,
  origin: Origin,
): Promise<OrderClaim> {
  const stream = orderStream(order);
  const claim = () => newEvent({ type: 'OrderClaimed', data: order }, origin, ports.ids);
  // Nearly every order is new: that it is not is found out by the append.
  const first = await ports.store.append(stream, 'no-stream', [claim()]);
  if (first.kind === 'appended') return { kind: 'claimed' };
  if ((await ports.read(order.paymentId)).kind !== 'none') return { kind: 'claimed' };
  const refresh = (): Promise<Folded<string | undefined>> => lastClaim(ports.store, stream);
  const handled = await handle<string | undefined, OrderClaim>(
    { stream, read: refresh, refresh },
    async ({ state: holder }) => {
      if (holder === order.paymentId) return { kind: 'answer', outcome: { kind: 'claimed' } };
      if (holder !== undefined && (await holds(ports, order, holder))) {
        return { kind: 'answer', outcome: { kind: 'taken', by: holder } };
      }
      return { kind: 'append', events: [claim()], appended: () => ({ kind: 'claimed' }) };
    },
    ports,
  );
  return handled.kind === 'handled' ? handled.outcome : { kind: 'contention' };
}

/** Whether another payment has this order, and is alive. */
async function holds(ports: OrderPorts, order: OrderOf, holder: string): Promise<boolean> {
  let other = await ports.read(holder);
  if (other.kind === 'none') other = await ports.abandon(holder, order.orderId, order.paymentId);
  // A key that was used before may have claimed an order and then turned out to be of another one.
  return other.kind === 'payment' && other.orderId === order.orderId && isLive(other);
}

async function lastClaim(store: EventStore, stream: string): Promise<Folded<string | undefined>> {
  const [last] = await store.readStream(stream, { direction: 'backwards', limit: 1 });
  if (last === undefined) return { state: undefined, revision: -1n };
  const { event } = decodeEvent(last);
  if (event.type !== 'OrderClaimed') throw new Error(`${event.type} in the stream of an order`);
  return { state: event.data.paymentId, revision: last.revision };
}
