import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Notices } from '../notices.js';
import { Flow } from './flow.js';

const CHUNK = Buffer.alloc(100_000, 'x');

describe('one direction of a proxied connection', () => {
  it('takes a quarter of a megabyte more than its receiver does, and then waits', async () => {
    const taken: (() => void)[] = [];
    const sink = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => {
        taken.push(done);
      },
    });
    const source = new PassThrough({ highWaterMark: 10_000_000 });
    const pauses = new Notices<number>();
    const waiting = (): number => source.readableLength + source.writableLength;
    source.on('pause', () => pauses.push(waiting()));
    const flow = new Flow(source, sink, {}, AROUND, SILENT);
    const running = flow.run();
    for (let i = 0; i < 10; i += 1) source.write(CHUNK);
    // One chunk is with the receiver; three fill the quarter.
    await pauses.until(() => waiting() === 6 * CHUNK.length);
    taken.shift()?.();
    await pauses.until(() => waiting() === 5 * CHUNK.length);
    expect(pauses.all.at(-1)).to.equal(5 * CHUNK.length);
    flow.stop();
    await running;
  });
});

const AROUND = { clock: () => 0, pause: () => Promise.resolve(), random: () => 0 };
const SILENT = {
  passed: () => undefined,
  swallowed: () => undefined,
  cut: () => undefined,
  broken: () => undefined,
};
