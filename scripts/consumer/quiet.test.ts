import { expect } from 'chai';
import { describe, it } from 'mocha';
import { BusUnavailable } from '../../shared/ports/event-bus.js';
import { rejection } from '../../shared/testing/event-samples.js';
import { Quiet } from './quiet.js';

describe('the end of what there is to read', () => {
  /** How many pauses it takes when this happens during the first of them. */
  async function pausesUntilReached(...during: readonly ((quiet: Quiet) => void)[]) {
    let pauses = 0;
    const quiet: Quiet = new Quiet(() => {
      during[pauses]?.(quiet);
      pauses++;
      return Promise.resolve();
    });
    await quiet.reached();
    return pauses;
  }

  const join = (quiet: Quiet): void => {
    quiet.joined(true);
  };
  const lose = (quiet: Quiet): void => {
    quiet.joined(false);
  };
  const stir = (quiet: Quiet): void => {
    quiet.stir();
  };
  const nothing = (): void => undefined;

  it('is a pause in which nothing comes', async () => {
    expect(await pausesUntilReached(join)).to.equal(2);
    expect(await pausesUntilReached(join, stir, stir)).to.equal(4);
  });

  it('is not before the group was joined, and not while it is lost', async () => {
    expect(await pausesUntilReached(nothing, nothing, join)).to.equal(4);
    expect(await pausesUntilReached(join, lose, nothing, nothing, nothing, join)).to.equal(7);
  });

  it('is not known where the group cannot be joined', async () => {
    const quiet = new Quiet(() => Promise.resolve());
    expect(await rejection(quiet.reached())).to.be.instanceOf(BusUnavailable);
  });
});
