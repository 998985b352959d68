import { MongoError, type MongoBulkWriteError, type WriteError } from 'mongodb';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';

/** What the server answers when its disk is full. */
const OUT_OF_DISK_SPACE = 14_031;
const DUPLICATE_KEY = 11_000;

/**
 * Runs work on the server and throws the driver's errors as the port names them. All of them: an
 * error of the driver must never be taken for one of an event, which would be parked for it.
 * @throws {StorageFull} no space left at the server
 * @throws {StoreUnavailable} anything else the driver throws
 */
export async function withPortFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MongoError)) throw error;
    if (error.code === OUT_OF_DISK_SPACE) {
      throw new StorageFull('no space left for the views', { cause: error });
    }
    throw new StoreUnavailable(`the views cannot be used: ${error.message}`, { cause: error });
  }
}

/** Places of the writes of a bulk that met a key that is there. @throws any other failure of it */
export function duplicatePlaces(error: MongoBulkWriteError): readonly number[] {
  const { writeErrors } = error;
  const failed: readonly WriteError[] = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  const concern = error.result.getWriteConcernError();
  const isOther = failed.some(({ code }) => code !== DUPLICATE_KEY);
  if (isOther || failed.length === 0 || concern !== undefined) throw error;
  return failed.map(({ index }) => index);
}
