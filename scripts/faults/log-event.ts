import { z } from 'zod';

const leg = z.object({
  account: z.string(),
  side: z.enum(['debit', 'credit']),
  amount: z.string(),
  currency: z.string(),
});

/** The part of an event, as `GET /v1/events` shows it, that the checks look at. */
const logEvent = z.object({
  eventId: z.string(),
  stream: z.string(),
  revision: z.string(),
  position: z.string(),
  type: z.string(),
  data: z.object({
    id: z.string().optional(),
    description: z.string().optional(),
    reverses: z.string().optional(),
    entry: z.object({ legs: z.array(leg) }).optional(),
  }),
});

export type LogLeg = z.infer<typeof leg>;

/** `text` is the line as it came, to see whether it ever changes. */
export type LogEvent = z.infer<typeof logEvent> & Readonly<{ text: string }>;

/** Every event after a position, over HTTP, in the order the server gives them. */
export async function readEvents(url: string, after: bigint): Promise<readonly LogEvent[]> {
  const events: LogEvent[] = [];
  for (let last = after; ;) {
    const response = await fetch(`${url}/v1/events?after=${last}&limit=500`, {
      headers: { Accept: 'application/x-ndjson' },
    });
    const body = await response.text();
    if (response.status !== 200) throw new Error(`events: ${response.status} ${body}`);
    const lines = body.split('\n').filter((line) => line !== '');
    for (const text of lines) events.push({ ...logEvent.parse(JSON.parse(text)), text });
    const newest = events.at(-1);
    if (lines.length === 0 || newest === undefined) return events;
    last = BigInt(newest.position);
  }
}
