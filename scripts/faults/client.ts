import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

/** A request that can be sent again as it is. */
export type Command = Readonly<{
  path: string;
  /** The Idempotency-Key; absent where the body carries ids of its own. */
  key?: string;
  body: unknown;
}>;

/** `lost`: the connection broke, so nobody knows whether the command was carried out. */
export type Answer =
  | Readonly<{ kind: 'answered'; status: number; body: unknown; headers: IncomingHttpHeaders }>
  | Readonly<{ kind: 'lost' }>;

/** A caller of one server, over kept-alive connections. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  /** Sends a command once. Never throws: a broken connection is an answer too. */
  send(command: Command): Promise<Answer> {
    const body = JSON.stringify(command.body);
    return new Promise((resolve) => {
      const lost = (): void => resolve({ kind: 'lost' });
      const outgoing = httpRequest(`${this.url}${command.path}`, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          ...(command.key === undefined ? {} : { 'Idempotency-Key': command.key }),
        },
      });
      outgoing.once('error', lost);
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', lost);
        incoming.once('aborted', lost);
        incoming.once('end', () => {
          const { statusCode: status = 0, headers } = incoming;
          resolve({ kind: 'answered', status, body: parsed(Buffer.concat(chunks)), headers });
        });
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The JSON of an answer, or its text where it is none. */
function parsed(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
