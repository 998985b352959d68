import { z } from 'zod';

const trialBalance = z.object({
  data: z.object({
    totals: z.array(z.object({ currency: z.string(), debits: z.string(), credits: z.string() })),
  }),
});

/**
 * Asks for the trial balance over and over. Whatever happens, an answer is right or there is none:
 * debits equal credits, in every currency and at every moment.
 */
export class Reader {
  readonly #problems: string[] = [];
  #answers = 0;

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** How often there was a right answer. */
  get answers(): number {
    return this.#answers;
  }

  async run(url: string, goOn: () => boolean, pause: () => Promise<unknown>): Promise<void> {
    while (goOn()) {
      await this.#ask(`${url}/v1/ledger/trial-balance`);
      await pause();
    }
  }

  async #ask(url: string): Promise<void> {
    const response = await fetch(url).catch(() => undefined);
    const body = await response?.text().catch(() => undefined);
    // The service is down.
    if (response === undefined || body === undefined) return;
    if (response.status === 503) return;
    if (response.status !== 200) {
      this.#problems.push(`trial balance: ${response.status} ${body}`);
      return;
    }
    this.#answers += 1;
    for (const { currency, debits, credits } of trialBalance.parse(JSON.parse(body)).data.totals) {
      if (debits !== credits) this.#problems.push(`${currency}: ${debits} and ${credits}`);
    }
  }
}
