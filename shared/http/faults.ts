import { AppendTooLarge, StorageFull, StoreUnavailable } from '../ports/event-store.js';
import { HttpRefusal } from './refusal.js';

/**
 * What the caller is told of whatever was thrown. Of a fault nobody foresaw only that it happened:
 * its text may hold anything.
 */
export function refusalOf(error: unknown): HttpRefusal {
  if (error instanceof HttpRefusal) return error;
  if (error instanceof StorageFull) {
    return new HttpRefusal(
      'STORAGE_FULL',
      'the disk is full: nothing was stored; reads go on, and the same request may be sent again',
    );
  }
  if (error instanceof StoreUnavailable) {
    return new HttpRefusal(
      'STORE_UNAVAILABLE',
      'the store cannot be reached, or it is not known whether it stored this: send it again',
    );
  }
  if (error instanceof AppendTooLarge) {
    return new HttpRefusal('PAYLOAD_TOO_LARGE', 'the event would be larger than 1 MiB');
  }
  return new HttpRefusal(
    'INTERNAL_ERROR',
    'something went wrong here; the correlation id of this answer leads to the cause in the logs',
  );
}
