import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as moment } from 'node:timers/promises';
import {
  simulatorRecords,
  switchOutage,
  type ToldRecord,
} from '../../shared/adapters/simulator/client.js';
import { openSimulator } from '../../shared/adapters/simulator/simulator.js';
import { ServerProcess } from '../bench/server-process.js';

/** Doubt that comes and goes within seconds. */
const QUICK = {
  SAGAE_GATEWAY_TIMEOUT_MS: '200',
  SAGAE_GATEWAY_SETTLES_AFTER_MS: '1500',
  SAGAE_INQUIRY_SCHEDULE_MS: [
    ...[100, 300, 600, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000],
    ...[7_000, 10_000, 14_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000],
  ].join(','),
};

const POLL_MS = 25;
const PATIENCE_MS = 60_000;

/** The gateway of a run: how servers are told of it, and what it remembers. */
export interface Gateway {
  readonly env: Readonly<Record<string, string>>;
  /** Its own records. */
  records(): Promise<readonly ToldRecord[]>;
  close(): Promise<void>;
}

/** The simulator in the servers' own processes; its memory is in the data folder. */
export function gatewayInProcess(data: string): Gateway {
  return {
    env: QUICK,
    records: async () => {
      const file = join(data, 'gateway-simulator.db');
      const simulator = openSimulator({ file, clock: Date.now });
      try {
        return [...simulator.records()];
      } finally {
        await simulator.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

/** The simulator as a process of its own, which servers reach over HTTP. */
export class GatewayProcess implements Gateway {
  private constructor(
    private readonly folder: string,
    private process: ServerProcess,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /**
   * @param folder where its memory is, and the settings of the servers
   * @param reachedAt where servers are to look for it, when that is not where it is
   * @param timeoutMs how long they wait for it
   */
  static async start(
    folder: string,
    reachedAt?: (url: string) => Promise<string>,
    timeoutMs = 200,
  ): Promise<GatewayProcess> {
    const process = await ServerProcess.start({ data: folder, service: 'simulator' });
    const url = (await reachedAt?.(process.url)) ?? process.url;
    const file = join(folder, 'gateways.json');
    const gateways = [{ name: 'simulator', kind: 'simulator-http', url, timeoutMs }];
    writeFileSync(file, JSON.stringify({ default: 'simulator', gateways }));
    return new GatewayProcess(folder, process, { ...QUICK, SAGAE_GATEWAYS_FILE: file });
  }

  get url(): string {
    return this.process.url;
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  /** Starts it again where it was, with its memory. */
  async revive(): Promise<void> {
    const port = Number(new URL(this.url).port);
    this.process = await ServerProcess.start({ data: this.folder, service: 'simulator', port });
  }

  outage(mode: Parameters<typeof switchOutage>[1]): Promise<void> {
    return switchOutage(this.url, mode);
  }

  records(): Promise<readonly ToldRecord[]> {
    return simulatorRecords(this.url);
  }

  close(): Promise<void> {
    return this.process.kill();
  }
}

/**
 * Asks again and again until something is so.
 * @throws with what is still the matter when it takes a minute
 */
export async function until(
  what: () => Promise<boolean>,
  matter: () => string = () => 'it takes too long',
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(matter());
    await moment(POLL_MS);
  }
}
