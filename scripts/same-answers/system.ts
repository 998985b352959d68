import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as until } from 'node:timers/promises';
import { z } from 'zod';
import { ServerProcess } from '../bench/server-process.js';
import type { Answer, LoggedEvent, Request, Seen } from './asking.js';

const SERVICES = ['command', 'projection', 'query'] as const;

/** Callers, whose keys are their names. A repetition by `bob` is a conflict. */
const CALLERS = ['ann', 'bob'];

/** How long the gateway's answer is waited for: as long as a time-out of it costs. */
const GATEWAY_TIMEOUT_MS = 150;

/** No caller can reach it; what it would refuse is refused before it is asked. */
const NOBODY = 'http://127.0.0.1:1';

const GATEWAYS = {
  gateways: [
    {
      name: 'simulator',
      kind: 'simulator',
      timeoutMs: GATEWAY_TIMEOUT_MS,
      settlesAfterMs: 1,
    },
    { name: 'patient', kind: 'simulator', timeoutMs: 60_000, settlesAfterMs: 1 },
    { name: 'toss', kind: 'toss', url: NOBODY, secretKeyEnv: 'TOSS_KEY' },
  ],
  routes: [
    { tokenPrefix: 'toss_', gateway: 'toss' },
    { tokenPrefix: 'tok_slow', gateway: 'patient' },
    { currency: 'KRW', gateway: 'simulator' },
    { currency: 'USD', gateway: 'simulator' },
  ],
};

const logged = z.object({
  position: z.string().transform(BigInt),
  recordedAt: z.string(),
  stream: z.string(),
  type: z.string(),
});

/** The three services, each a process of its own, on the stores that the environment names. */
export class System implements Seen {
  readonly #servers = new Map<string, ServerProcess>();
  readonly #kept = new Map<string, Answer>();
  readonly #events: LoggedEvent[] = [];
  /** Lines of the log, as the API sends them. */
  readonly lines: string[] = [];

  private constructor(
    readonly name: string,
    readonly data: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** @param stores `SAGAE_STORE` and what goes with it */
  static async start(
    name: string,
    stores: Readonly<Record<string, string>>,
    zone: string,
  ): Promise<System> {
    const data = mkdtempSync(join(tmpdir(), `sagae-${name}-`));
    const gateways = join(data, 'gateways.json');
    writeFileSync(gateways, JSON.stringify(GATEWAYS));
    const system = new System(name, data, {
      SAGAE_API_KEYS: CALLERS.map((caller) => `${caller}:${sha256(caller)}`).join(','),
      SAGAE_DUPLICATE_CONFLICT: 'bob',
      SAGAE_GATEWAYS_FILE: gateways,
      TOSS_KEY: 'test_sk_same_answers',
      // Nobody asks but whoever is told to.
      SAGAE_INQUIRY_SCHEDULE_MS: '900000000',
      SAGAE_TIME_ZONE: zone,
      KAFKA_BROKERS: '',
      LOG_LEVEL: 'warn',
      ...stores,
    });
    await system.startServices();
    return system;
  }

  async startServices(): Promise<void> {
    const { data, environment: env } = this;
    await Promise.all(
      SERVICES.map(async (service) => {
        this.#servers.set(service, await ServerProcess.start({ data, service, env }));
      }),
    );
  }

  /** SIGTERM to all three. @throws when one does not leave as it should */
  async stopServices(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
    this.#servers.clear();
  }

  /** Ends it whatever state it is in. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.kill()));
    rmSync(this.data, { recursive: true, force: true });
  }

  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  get head(): bigint {
    return this.#events.at(-1)?.position ?? 0n;
  }

  kept(name: string): Answer {
    const answer = this.#kept.get(name);
    if (answer === undefined) throw new Error(`no answer was kept as ${name}`);
    return answer;
  }

  keep(name: string, answer: Answer): void {
    this.#kept.set(name, answer);
  }

  /** Questions wait for all that was answered before, unless they say otherwise. */
  ask(request: Request): Promise<Answer> {
    if (request.service !== 'query') return this.#send(request);
    const headers = { 'X-Min-Position': String(this.head), ...request.headers };
    return this.#send({ ...request, headers });
  }

  async #send({ service, method, path, headers, body }: Request): Promise<Answer> {
    const server = this.#servers.get(service);
    if (server === undefined) throw new Error(`${service} does not run`);
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { Authorization: 'Bearer ann', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: answer.status,
      headers: new Map(answer.headers.entries()),
      text: await answer.text(),
    };
  }

  /** Reads what is new in the log. */
  async catchUp(done: (seen: Seen) => boolean = () => true): Promise<void> {
    for (;;) {
      const { status, text } = await this.#send({
        service: 'query',
        method: 'GET',
        path: `/v1/events?after=${this.head}`,
        headers: { Accept: 'application/x-ndjson' },
      });
      if (status !== 200) throw new Error(`${this.name}: ${status} ${text}`);
      const lines = text.split('\n').filter((line) => line !== '');
      this.lines.push(...lines);
      this.#events.push(...lines.map((line) => logged.parse(JSON.parse(line))));
      if (done(this)) return;
      await until(20);
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
