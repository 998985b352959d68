import { BusUnavailable } from '../../ports/event-bus.js';

/** There was no answer in time. */
export class NoAnswer extends BusUnavailable {}

/**
 * What the promise comes to, or a fault when it does not come to anything in time: the client has
 * promises that never settle.
 * @throws {NoAnswer} there was none within so many ms
 */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswer(`${what}: no answer within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
