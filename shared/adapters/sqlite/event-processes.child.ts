import process, { argv } from 'node:process';
import { event, type Acknowledged } from '../../testing/event-samples.js';
import { openEventStore } from './event-store.js';

/*
 * A process of the tests beside this file: appends to a log that others append to as well, and
 * tells its parent of every append once it was answered.
 */

const [, , folder = '', name = '', count = '0'] = argv;
const LANES = 16;
const store = await openEventStore({ folder });
let started = 0;

async function appendOneByOne(): Promise<void> {
  while (started < Number(count)) {
    started += 1;
    await appendOnce(`${name}-${started}`);
    if (started % 5 === 0) await appendToShared();
  }
}

async function appendOnce(stream: string): Promise<void> {
  const one = event();
  const result = await store.append(stream, 'no-stream', [one]);
  if (result.kind === 'appended') tell(stream, one.eventId, result.position);
}

/** Every process wants to be next in this stream; a conflict says where its end has gone. */
async function appendToShared(): Promise<void> {
  const one = event();
  for (;;) {
    const [last] = await store.readStream('shared', { direction: 'backwards', limit: 1 });
    const result = await store.append('shared', last?.revision ?? 'no-stream', [one]);
    if (result.kind === 'conflict') continue;
    tell('shared', one.eventId, result.position);
    return;
  }
}

function tell(stream: string, eventId: string, position: bigint): void {
  const message: Acknowledged = { stream, eventId, position: position.toString() };
  process.send?.(message);
}

await Promise.all(Array.from({ length: LANES }, appendOneByOne));
await store.close();
process.disconnect();
