import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const workload = z.strictObject({
  tag: z.string(),
  accounts: z.int().positive(),
  hot: z.string().optional(),
  effectiveDate: z.string().optional(),
});

const common = {
  url: z.url(),
  connections: z.int().positive(),
  workload,
};

/** What the load generator is to do. Every connection has one request in flight at a time. */
export const loadJob = z.discriminatedUnion('kind', [
  /** `count` single entries, each connection as fast as its answers come. */
  z.strictObject({ ...common, kind: z.literal('singles'), count: z.int().positive() }),
  /** `count` batches of `size` entries. */
  z.strictObject({
    ...common,
    kind: z.literal('batches'),
    count: z.int().positive(),
    size: z.int().positive(),
  }),
  /**
   * Single entries at a fixed rate, measured from when each was due, whether or not the one before
   * was late. Every `sampleEvery`-th is read back at once with X-Min-Position: the time from its
   * acknowledgement to that answer is how long it took to be visible, the read included.
   */
  z.strictObject({
    ...common,
    kind: z.literal('paced'),
    count: z.int().positive(),
    perSecond: z.int().positive(),
    sampleEvery: z.int().positive(),
  }),
]);
export type LoadJob = z.infer<typeof loadJob>;

/** A {@link Latency} as it comes from another process. */
export const latencySchema = z.strictObject({
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
});

const loadResult = z.strictObject({
  seconds: z.number(),
  /** Entries that the server said it took. */
  accepted: z.int(),
  /** Number of answers by HTTP status. */
  statuses: z.record(z.string(), z.int()),
  latency: latencySchema,
  visibility: latencySchema.optional(),
});
export type LoadResult = z.infer<typeof loadResult>;

const GENERATOR = new URL('./load-worker.js', import.meta.url);

/** Puts a load of entries on a server. @throws see {@link runGenerator} */
export function runLoad(job: LoadJob): Promise<LoadResult> {
  return runGenerator(GENERATOR, job, loadResult);
}

/**
 * Puts load on a server from a process of its own, so that measuring and serving do not share an
 * event loop. They do share the processor: the generator's cost is part of every figure.
 * @param file of the generator: it is sent the job, sends the result, and leaves
 * @throws when the generator fails, for instance because the server closed a connection
 */
export function runGenerator<Result>(
  file: URL,
  job: object,
  results: z.ZodType<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(file), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let result: Result | undefined;
    child.once('message', (message) => {
      result = results.parse(message);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (result === undefined) reject(new Error(`the load generator left with ${code ?? '?'}`));
      else resolve(result);
    });
    child.send(job);
  });
}
