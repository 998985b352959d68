import { connect, type Socket } from 'node:net';

/** `body` is cut off after {@link KEPT_BODY} bytes: the rest is counted and dropped. */
export type RawResponse = Readonly<{ status: number; head: string; body: string }>;

const KEPT_BODY = 512;

/**
 * One kept-alive HTTP/1.1 connection with one request in flight. It knows just enough of HTTP to
 * put load on a server that shares its processor: no header objects, no streams, one string search
 * per answer.
 */
export class Connection {
  #head = '';
  #body = '';
  #missing = -1;
  #waiting: Waiting | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @throws where nobody listens */
  static open(host: string, port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends the bytes of one request, answers the whole response to it. */
  exchange(request: string | Uint8Array): Promise<RawResponse> {
    if (this.#waiting !== undefined) throw new Error('a request is in flight already');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#missing = -1;
      this.#head = '';
      this.#body = '';
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.#missing === -1) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      body = Buffer.from(this.#head.slice(end + 4), 'latin1');
      this.#head = this.#head.slice(0, end);
      this.#missing = contentLength(this.#head);
    }
    this.#missing -= body.length;
    if (this.#body.length < KEPT_BODY) {
      this.#body += body.toString('latin1', 0, KEPT_BODY - this.#body.length);
    }
    if (this.#missing <= 0) this.#finish();
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const status = Number(this.#head.slice(9, 12));
    waiting?.resolve({ status, head: this.#head, body: this.#body });
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

type Waiting = Readonly<{
  resolve: (response: RawResponse) => void;
  reject: (error: Error) => void;
}>;

function contentLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head}`);
  return Number(length);
}
