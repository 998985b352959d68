import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { StorageFull } from '../../ports/event-store.js';
import { asStoreFault } from './event-file.js';
import { GroupCommitter } from './event-group.js';
import type { AppendBatch, WriterReply, WriterRequest } from './event-messages.js';

/*
 * The writer thread of a log: takes all that waits, commits it together, answers. While it waits
 * for the disk the next group gathers, so the busier the log, the larger its groups.
 */

/** A larger group gains nothing more and would keep its first append waiting. */
const MAX_GROUP_EVENTS = 8192;

if (parentPort === null) throw new Error('the writer of a log runs in a thread of its own');
const port = parentPort;
const folder = folderOf(workerData);
const committer = new GroupCommitter(folder);
const waiting: WriterRequest[] = [];

port.on('message', (request: WriterRequest) => {
  waiting.push(request);
  receiveAll();
  while (waiting.length > 0) {
    handleNext();
    receiveAll();
  }
});
reply({ kind: 'ready' });

function folderOf(data: unknown): string {
  if (typeof data === 'string') return data;
  throw new TypeError('the writer of a log is started with its folder');
}

function receiveAll(): void {
  for (;;) {
    const received: { message: WriterRequest } | undefined = receiveMessageOnPort(port);
    if (received === undefined) return;
    waiting.push(received.message);
  }
}

function handleNext(): void {
  const group = takeGroup();
  if (group.length > 0) {
    commit(group);
    return;
  }
  const request = waiting.shift();
  if (request?.kind === 'limit') committer.limitPages(request.pages);
  if (request?.kind === 'close') {
    committer.close();
    port.close();
  }
}

/** The appends that wait up to the next other request, as many as one group may hold. */
function takeGroup(): readonly AppendBatch[] {
  const group: AppendBatch[] = [];
  let events = 0;
  for (const request of waiting) {
    if (request.kind !== 'append' || events >= MAX_GROUP_EVENTS) break;
    events += request.eventIds.length;
    group.push(request);
  }
  waiting.splice(0, group.length);
  return group;
}

function commit(group: readonly AppendBatch[]): void {
  let answers: Float64Array;
  try {
    answers = committer.commit(group);
  } catch (error) {
    // The thread ends, everything in hand is rejected, and a new one begins.
    if (!committer.usable) throw error;
    const fault = asStoreFault(error, folder);
    const message = fault instanceof Error ? fault.message : String(fault);
    const full = fault instanceof StorageFull;
    reply({ kind: 'failed', batches: group.length, full, message });
    return;
  }
  reply({ kind: 'committed', batches: group.length, answers });
  tidy();
}

function tidy(): void {
  try {
    committer.boundWal();
  } catch {
    // All is stored and answered; what could not be tidied now will be after a later group.
  }
}

function reply(message: WriterReply): void {
  port.postMessage(message);
}
