import { expect } from 'chai';
import { BSON, MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, it } from 'mocha';
import { StorageFull, StoreUnavailable } from '../../ports/event-store.js';
import { rejection } from '../../testing/event-samples.js';
import { duplicatePlaces, withPortFaults } from './view-faults.js';

const DUPLICATE = 11_000;
const FULL = 14_031;

function thrownFor(error: unknown): Promise<unknown> {
  return rejection(
    withPortFaults(() => {
      throw error;
    }),
  );
}

/** The error of a bulk, as the driver makes it; what it makes it of cannot be had from outside. */
function bulkError(codes: readonly number[], concern?: number): MongoBulkWriteError {
  const writeErrors = codes.map((code, index) => ({ code, index }));
  const result = {
    getWriteConcernError: () => (concern === undefined ? undefined : { code: concern }),
  };
  const first = { message: 'some failed', code: codes[0], writeErrors };
  const error: unknown = Reflect.construct(MongoBulkWriteError, [first, result]);
  if (!(error instanceof MongoBulkWriteError)) throw new Error('no error of a bulk');
  return error;
}

describe('the faults of MongoDB as the port names them', () => {
  it('say that the disk is full, whichever of a bulk found it', async () => {
    for (const error of [
      new MongoServerError({ code: FULL, message: 'no space' }),
      bulkError([FULL]),
      bulkError([DUPLICATE, FULL]),
      bulkError([DUPLICATE], FULL),
    ]) {
      expect(await thrownFor(error)).to.be.instanceOf(StorageFull);
    }
  });

  it('say that the store is unavailable for all else that is thrown by the driver', async () => {
    for (const error of [
      new MongoNetworkError('cut off'),
      bulkError([DUPLICATE]),
      // Nothing of ours: what a row can do wrong is found before the driver gets it.
      new BSON.BSONError('bson size must be >= 5, is 0'),
      new BSON.BSONOffsetError('not a length', 4),
    ]) {
      expect(await thrownFor(error)).to.be.instanceOf(StoreUnavailable);
    }
  });

  it('leave what is none of the driver as it is', async () => {
    const error = new Error('of a row');
    expect(await thrownFor(error)).to.equal(error);
  });

  it('take a bulk for one of duplicates only where nothing else went wrong', () => {
    expect(duplicatePlaces(bulkError([DUPLICATE, DUPLICATE]))).to.deep.equal([0, 1]);
    for (const error of [bulkError([DUPLICATE, FULL]), bulkError([DUPLICATE], FULL)]) {
      expect(() => duplicatePlaces(error)).to.throw(MongoBulkWriteError);
    }
  });
});
