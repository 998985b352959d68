import type { Socket } from 'node:net';
import { Flow, type Surroundings } from './flow.js';
import type { Toxics } from './toxics.js';

/** `upstream`: from the client to the server. `downstream`: back. */
export type Direction = 'upstream' | 'downstream';

/** What is wrong with the two directions. */
export type LinkToxics = Readonly<Partial<Record<Direction, Toxics>>>;

/** What a connection tells the proxy. */
export type ConnectionReports = Readonly<{
  passed: (direction: Direction, bytes: number) => void;
  swallowed: (direction: Direction, bytes: number) => void;
  /** A toxic has ended it. */
  cut: () => void;
  /** Both sockets are closed. */
  closed: () => void;
}>;

/** A client's connection, its counterpart to the server, and what flows between them. */
export class Connection {
  readonly #flows: Readonly<Record<Direction, Flow>>;
  #open = 2;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    toxics: LinkToxics,
    around: Surroundings,
    private readonly reports: ConnectionReports,
  ) {
    const flow = (direction: Direction, source: Socket, sink: Socket): Flow =>
      new Flow(source, sink, toxics[direction] ?? {}, around, {
        passed: (bytes) => reports.passed(direction, bytes),
        swallowed: (bytes) => reports.swallowed(direction, bytes),
        cut: (how) => {
          reports.cut();
          this.#end(how);
        },
        broken: () => this.#end('reset'),
      });
    this.#flows = {
      upstream: flow('upstream', client, server),
      downstream: flow('downstream', server, client),
    };
    for (const socket of [client, server]) socket.once('close', () => this.#socketClosed());
  }

  /** Carries bytes both ways until the connection is over. */
  async run(): Promise<void> {
    await Promise.all([this.#flows.upstream.run(), this.#flows.downstream.run()]);
  }

  /** From now on other toxics act. */
  switchTo(toxics: LinkToxics): void {
    this.#flows.upstream.switchTo(toxics.upstream ?? {});
    this.#flows.downstream.switchTo(toxics.downstream ?? {});
  }

  /** Ends it at once, as when the process at its other end is killed. */
  destroy(): void {
    this.#stopFlows();
    this.client.destroy();
    this.server.destroy();
  }

  #end(how: 'close' | 'reset'): void {
    this.#stopFlows();
    for (const socket of [this.client, this.server]) {
      // What was handed on before a toxic closed the connection still arrives.
      if (how === 'close') socket.destroySoon();
      else socket.resetAndDestroy();
    }
  }

  #stopFlows(): void {
    this.#flows.upstream.stop();
    this.#flows.downstream.stop();
  }

  #socketClosed(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#stopFlows();
    this.reports.closed();
  }
}
