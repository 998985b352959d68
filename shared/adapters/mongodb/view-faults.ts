import { BSON, MongoBulkWriteError, MongoError, type WriteError } from 'mongodb';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';

/** What the server answers when its disk is full. */
const OUT_OF_DISK_SPACE = 14_031;
const DUPLICATE_KEY = 11_000;

/**
 * Runs work on the server and throws the driver's errors as the port names them. All of them: an
 * error of the driver must never be taken for one of an event, which would be parked for it. What
 * can be wrong with a row itself, its size too, is found before the driver gets it: BSON that
 * cannot be read is then what the server has sent.
 * @throws {StorageFull} no space left at the server
 * @throws {StoreUnavailable} anything else the driver throws
 */
export async function withPortFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MongoError || error instanceof BSON.BSONError)) throw error;
    if (isOutOfSpace(error)) {
      throw new StorageFull('no space left for the views', { cause: error });
    }
    throw new StoreUnavailable(`the views cannot be used: ${error.message}`, { cause: error });
  }
}

function isOutOfSpace(error: MongoError | BSON.BSONError): boolean {
  if (!(error instanceof MongoError)) return false;
  if (error.code === OUT_OF_DISK_SPACE) return true;
  if (!(error instanceof MongoBulkWriteError)) return false;
  // It carries the code of its first failure only; others may have failed for another reason.
  const concern = error.result.getWriteConcernError();
  const codes = [...writeErrorsOf(error).map(({ code }) => code), concern?.code];
  return codes.includes(OUT_OF_DISK_SPACE);
}

function writeErrorsOf(error: MongoBulkWriteError): readonly WriteError[] {
  const { writeErrors } = error;
  const failed: readonly WriteError[] = Array.isArray(writeErrors) ? writeErrors : [writeErrors];
  return failed;
}

/** Places of the writes of a bulk that met a key that is there. @throws any other failure of it */
export function duplicatePlaces(error: MongoBulkWriteError): readonly number[] {
  const failed = writeErrorsOf(error);
  const concern = error.result.getWriteConcernError();
  const isOther = failed.some(({ code }) => code !== DUPLICATE_KEY);
  if (isOther || failed.length === 0 || concern !== undefined) throw error;
  return failed.map(({ index }) => index);
}
