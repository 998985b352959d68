import { setTimeout as until } from 'node:timers/promises';
import { Connection, type RawResponse } from './connection.js';
import { loadJob, type LoadJob, type LoadResult } from './load.js';
import { counter, getText, postText } from './requests.js';
import { latency, now } from './statistics.js';
import { entryAt, entryJson } from './workload.js';

/** What one connection has measured. */
class Tally {
  accepted = 0;
  readonly statuses: Record<string, number> = {};
  readonly latencies: number[] = [];
  readonly visible: number[] = [];

  count(response: RawResponse, milliseconds: number, accepted: number): void {
    this.latencies.push(milliseconds);
    this.statuses[response.status] = (this.statuses[response.status] ?? 0) + 1;
    this.accepted += accepted;
  }
}

function single(job: LoadJob, n: number): string {
  const key = `Idempotency-Key: ${entryAt(job.workload, n).id}\r\n`;
  return postText('/v1/ledger/entries', key, entryJson(job.workload, n, false));
}

function batch(job: LoadJob, size: number, n: number): Buffer {
  const entries = Array.from({ length: size }, (_, index) =>
    entryJson(job.workload, n * size + index, true),
  );
  const body = `{"entries":[${entries.join(',')}]}`;
  return Buffer.from(postText('/v1/ledger/entries/batch', '', body), 'latin1');
}

async function postSingles(
  job: LoadJob,
  connection: Connection,
  next: () => number | undefined,
): Promise<Tally> {
  const tally = new Tally();
  for (let n = next(); n !== undefined; n = next()) {
    const request = single(job, n);
    const start = now();
    const response = await connection.exchange(request);
    tally.count(response, now() - start, response.status === 201 ? 1 : 0);
  }
  return tally;
}

async function postBatches(
  requests: readonly Buffer[],
  connection: Connection,
  next: () => number | undefined,
): Promise<Tally> {
  const tally = new Tally();
  for (let n = next(); n !== undefined; n = next()) {
    const request = requests[n];
    if (request === undefined) throw new Error('a batch is missing');
    const start = now();
    const response = await connection.exchange(request);
    const accepted = /"accepted":(\d+)/.exec(response.body)?.[1];
    tally.count(response, now() - start, Number(accepted ?? 0));
  }
  return tally;
}

async function postPaced(
  job: LoadJob & { kind: 'paced' },
  connection: Connection,
  next: () => number | undefined,
  begin: number,
): Promise<Tally> {
  const tally = new Tally();
  for (let n = next(); n !== undefined; n = next()) {
    const due = begin + (n * 1000) / job.perSecond;
    const wait = due - now();
    if (wait > 0) await until(wait);
    // A timer fires up to a millisecond late by nature; that is ours, not the server's.
    const start = wait > 0 ? now() : due;
    const response = await connection.exchange(single(job, n));
    const acknowledged = now();
    tally.count(response, acknowledged - start, response.status === 201 ? 1 : 0);
    if (n % job.sampleEvery !== 0) continue;
    const position = /"position":"(\d+)"/.exec(response.body)?.[1] ?? '0';
    const account = entryAt(job.workload, n).credit;
    const read = await connection.exchange(
      getText(`/v1/ledger/accounts/${account}/balances`, `X-Min-Position: ${position}\r\n`),
    );
    if (read.status === 200) tally.visible.push(now() - acknowledged);
    else tally.statuses[`read ${read.status}`] = (tally.statuses[`read ${read.status}`] ?? 0) + 1;
  }
  return tally;
}

function merge(tallies: readonly Tally[], seconds: number): LoadResult {
  const statuses: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [status, count] of Object.entries(tally.statuses)) {
      statuses[status] = (statuses[status] ?? 0) + count;
    }
  }
  const visible = tallies.flatMap((tally) => tally.visible);
  return {
    seconds,
    statuses,
    accepted: tallies.reduce((sum, tally) => sum + tally.accepted, 0),
    latency: latency(tallies.flatMap((tally) => tally.latencies)),
    ...(visible.length === 0 ? {} : { visibility: latency(visible) }),
  };
}

async function run(job: LoadJob): Promise<LoadResult> {
  const { hostname, port } = new URL(job.url);
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => Connection.open(hostname, Number(port))),
  );
  const next = counter(job.count);
  // Bodies of batches are large: they are made before the clock starts.
  const batches =
    job.kind === 'batches'
      ? Array.from({ length: job.count }, (_, n) => batch(job, job.size, n))
      : [];
  const start = now();
  const tallies = await Promise.all(
    connections.map((connection) => {
      switch (job.kind) {
        case 'singles':
          return postSingles(job, connection, next);
        case 'batches':
          return postBatches(batches, connection, next);
        case 'paced':
          return postPaced(job, connection, next, start);
      }
    }),
  );
  const seconds = (now() - start) / 1000;
  for (const connection of connections) connection.close();
  return merge(tallies, seconds);
}

process.once('message', (message) => {
  run(loadJob.parse(message)).then(
    (result) => process.send?.(result, () => process.disconnect()),
    (error: unknown) => {
      console.error('load generator:', error);
      process.exit(1);
    },
  );
});
