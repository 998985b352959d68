import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const success = z.object({ data: z.unknown() });

/** Asks a running server; every answer is checked against the shape it should have. */
export class Client {
  constructor(readonly url: string) {}

  /**
   * Reads. `atLeast` is a position the answer must reflect.
   * @throws Error when the server refuses, or answers something else
   */
  get<Data>(path: string, shape: z.ZodType<Data>, atLeast = 0n): Promise<Data> {
    return this.ask(path, shape, { headers: { 'x-min-position': atLeast.toString() } });
  }

  /** Writes, under an idempotency key of its own. @throws as {@link get} */
  post<Data>(path: string, body: object, shape: z.ZodType<Data>): Promise<Data> {
    return this.ask(path, shape, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify(body),
    });
  }

  private async ask<Data>(
    path: string,
    shape: z.ZodType<Data>,
    request: RequestInit,
  ): Promise<Data> {
    for (;;) {
      const response = await fetch(this.url + path, request);
      // The views are still catching up; the server itself waits two seconds before it says so.
      if (response.status === 503 && response.headers.has('retry-after')) {
        await response.text();
        continue;
      }
      const body: unknown = await response.json();
      if (!response.ok) {
        throw new Error(`${path}: the server answered ${response.status} ${JSON.stringify(body)}`);
      }
      return shape.parse(success.parse(body).data);
    }
  }
}
