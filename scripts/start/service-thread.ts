import { Worker } from 'node:worker_threads';
import { environmentOf, type Config } from '../../shared/config.js';
import type { MetricsSnapshot } from '../../shared/http/metrics.js';
import type { PartState } from '../../shared/http/operations.js';
import type { FromThread, ToThread } from '../../shared/http/thread.js';
import type { Log } from '../../shared/logging.js';

/** How long a thread may take to say how it is. */
const ANSWER_MS = 2_000;
/** How long it may take to leave. */
const LEAVE_MS = 10_000;
/**
 * Room for new objects, in MiB. A view folds 20,000 events at a time: with the 48 MiB of Node's own
 * choice most of them are moved about by the garbage collector before they are of no more use.
 */
const YOUNG_GENERATION_MB = 192;
const FIRST_BACK_OFF_MS = 100;
const LAST_BACK_OFF_MS = 5_000;

type Asked = (message?: FromThread) => void;

/**
 * A service in a worker thread of its own. When the thread dies another one is started, later each
 * time it dies without having served.
 */
export class ServiceThread {
  #worker: Worker | undefined;
  #port: number | null = null;
  #up = false;
  #stopping = false;
  #deaths = 0;
  #lastId = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #asked = new Map<number, Asked>();
  readonly #waiting = new Set<() => void>();

  constructor(
    /** Name of the service. */
    readonly name: string,
    private readonly file: URL,
    private readonly config: Config,
    private readonly log: Log,
  ) {}

  /** Where the service listens on the loopback address; undefined while it does not. */
  get port(): number | undefined {
    return this.#up ? (this.#port ?? undefined) : undefined;
  }

  /** Starts the first thread. @throws what keeps it from starting */
  async start(): Promise<void> {
    await this.#spawn();
  }

  /** Resolves when the service is there: at once, or when a thread of it is up again. */
  serving(): Promise<void> {
    if (this.#up) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** How the service is, or that it is not there. */
  async states(what: 'health' | 'ready'): Promise<readonly PartState[]> {
    const message = await this.#ask(what);
    const states = message?.kind === 'states' ? message.states : undefined;
    if (states === undefined) {
      const problem = this.#up ? 'does not answer' : 'is being started again';
      return [{ part: this.name, problem }];
    }
    return states.map((state) => ({ ...state, part: `${this.name}: ${state.part}` }));
  }

  /** The figures of the service; none while it is not there. */
  async metrics(): Promise<readonly MetricsSnapshot[]> {
    const message = await this.#ask('metrics');
    return message?.kind === 'metrics' ? message.metrics : [];
  }

  /** Lets the service finish what it has in hand and ends the thread. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    const worker = this.#worker;
    if (worker === undefined) return;
    const left = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        resolve();
      });
    });
    const deadline = setTimeout(() => void worker.terminate(), LEAVE_MS);
    this.#say(worker, { kind: 'stop' });
    await left;
    clearTimeout(deadline);
  }

  /** Resolves when the thread serves; rejects when it ends before. */
  #spawn(): Promise<void> {
    const env = {
      ...process.env,
      ...environmentOf({ ...this.config, host: '127.0.0.1', port: 0 }),
    };
    // Given in another way already, and read before the variable above.
    delete env['SAGAE_API_KEYS_FILE'];
    const worker = new Worker(this.file, {
      env,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'started') {
          this.#port = message.port;
          this.#up = true;
          resolve();
          for (const served of this.#waiting) served();
          this.#waiting.clear();
          return;
        }
        this.#asked.get(message.id)?.(message);
      });
      worker.on('error', (error) => {
        this.log.error({ err: error, thread: this.name }, 'a thread met a fault');
        reject(error);
      });
      worker.on('exit', (code) => {
        reject(new Error(`the ${this.name} service left before it served, with ${code}`));
        this.#gone(worker);
      });
    });
  }

  #gone(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const served = this.#up;
    this.#up = false;
    for (const settle of this.#asked.values()) settle();
    if (this.#stopping) return;
    this.#deaths = served ? 0 : this.#deaths + 1;
    const wait = Math.min(LAST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** this.#deaths);
    this.log.error({ thread: this.name, wait }, 'a thread is gone; starting another');
    this.#retry = setTimeout(() => {
      // Its own exit says what comes next.
      this.#spawn().catch(() => undefined);
    }, wait);
  }

  #ask(what: Extract<ToThread, { kind: 'ask' }>['what']): Promise<FromThread | undefined> {
    const worker = this.#worker;
    if (worker === undefined || !this.#up) return Promise.resolve(undefined);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const settle = (message?: FromThread): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(message);
      };
      const timer = setTimeout(settle, ANSWER_MS);
      this.#asked.set(id, settle);
      this.#say(worker, { kind: 'ask', id, what });
    });
  }

  #say(worker: Worker, message: ToThread): void {
    worker.postMessage(message);
  }
}
