import { setTimeout as pauseFor } from 'node:timers/promises';
import { z } from 'zod';

/** How a request of the shop ended. `inDoubt`: accepted, and nobody knows yet. */
export type Told =
  | Readonly<{ kind: 'done' | 'in-doubt'; paymentId: string; operation: string }>
  | Readonly<{ kind: 'declined' }>;

const sent = z.object({ data: z.object({ id: z.string(), operation: z.string() }) });

/** The shop's side of the API: it repeats what was not taken, under the same key. */
export class ShopClient {
  /** The last position any answer told of. */
  position = 0n;
  /** How often a request was not taken because the gateway's circuit was open. */
  turnedAway = 0;

  constructor(readonly url: string) {}

  /** Asks for something that moves money. @throws Error on an answer that a shop cannot act on */
  async ask(path: string, body: object, key: string): Promise<Told> {
    for (;;) {
      const response = await fetch(this.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      const retryAfter = response.headers.get('retry-after');
      if (response.status === 503 && retryAfter !== null) {
        this.turnedAway += 1;
        await pauseFor(Number(retryAfter) * 1_000);
        continue;
      }
      this.#reached(response.headers.get('x-position'));
      if (response.status === 402) return { kind: 'declined' };
      if (!response.ok) {
        throw new Error(`${path}: answered ${response.status} ${JSON.stringify(answer)}`);
      }
      const { id: paymentId, operation } = sent.parse(answer).data;
      return { kind: response.status === 202 ? 'in-doubt' : 'done', paymentId, operation };
    }
  }

  #reached(position: string | null): void {
    const reached = BigInt(position ?? 0);
    if (reached > this.position) this.position = reached;
  }
}
