import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Connection } from './connection.js';
import { asError, knowsNoLeader, Silence } from './faults.js';
import type { ReadCall } from './vendor-client.js';
import { eventOf, type WireEvent } from './wire.js';

/**
 * Reads once: all events of a read that ends by itself, or none and a fault.
 * @param silenceMs how long the server may be silent; reads have no deadline of their own
 */
export async function readEvents(
  connection: Connection,
  request: ReadReq,
  silenceMs: number,
): Promise<readonly WireEvent[]> {
  const { call, suspect } = await connection.openRead(request);
  const events: WireEvent[] = [];
  return await new Promise((resolve, reject) => {
    const silent = setTimeout(() => {
      reject(new Silence('a read', silenceMs));
      suspect();
      cancel(call);
    }, silenceMs);
    call.on('data', (answer: ReadResp) => {
      silent.refresh();
      try {
        const event = eventOf(answer);
        if (event !== undefined) events.push(event);
      } catch (error) {
        // Thrown from here it would be nobody's.
        settle(() => reject(asError(error)));
        cancel(call);
      }
    });
    const settle = (how: () => void) => {
      clearTimeout(silent);
      how();
    };
    call.on('error', (error) => {
      if (knowsNoLeader(error)) suspect();
      settle(() => reject(error));
    });
    call.on('end', () => settle(() => resolve(events)));
  });
}

/**
 * Hands over what the server sends, as it comes, until it stops or the signal aborts; undefined: it
 * said something else.
 * @throws whatever ended it; ending in peace is no fault, but an end all the same
 */
export async function followEvents(
  connection: Connection,
  request: ReadReq,
  hear: (event: WireEvent | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const { call, suspect } = await connection.openRead(request);
  const stop = () => cancel(call);
  signal.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      call.on('data', (answer: ReadResp) => {
        if (signal.aborted) return;
        try {
          hear(eventOf(answer));
        } catch (error) {
          reject(asError(error));
          cancel(call);
        }
      });
      call.on('error', (error) => {
        if (knowsNoLeader(error)) suspect();
        if (signal.aborted) resolve();
        else reject(error);
      });
      call.on('end', resolve);
      if (signal.aborted) stop();
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Not at once: a call cancelled in the turn it was made leaks (the vendor's client does so too). */
function cancel(call: ReadCall): void {
  setImmediate(() => call.cancel());
}
