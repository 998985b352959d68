import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { BusUnavailable, type EventBus } from '../../ports/event-bus.js';
import { rejection } from '../../testing/event-samples.js';
import { Notices } from '../../testing/notices.js';
import { openKafkaBus } from './event-bus.js';
import { logLineOf, type KafkaNotice } from './notice.js';

const MESSAGE = { topic: 'any', key: 'k', value: 'v', headers: {} };

describe('a Kafka bus without a broker', () => {
  let server: SilentServer | undefined;
  let bus: EventBus | undefined;
  afterEach(async () => {
    await bus?.close();
    await server?.close();
  });

  async function openTo(what: 'silent' | 'closing'): Promise<Notices<KafkaNotice>> {
    server = await SilentServer.start(what);
    const notices = new Notices<KafkaNotice>();
    bus = openKafkaBus({
      brokers: [`127.0.0.1:${server.port}`],
      clientId: 'test',
      answerMs: 600,
      onNotice: notices.push,
    });
    return notices;
  }

  it('gives up a publish that nobody answers, and lets go of its connections', async () => {
    const notices = await openTo('silent');
    expect(await rejection(opened(bus).publish([MESSAGE]))).to.be.instanceOf(BusUnavailable);
    await server?.everybodyGone();
    expect(notices.all.filter(({ kind }) => kind === 'connected')).to.deep.equal([]);
  });

  it('gives up a publish where connections are closed at once, and tries anew', async () => {
    const notices = await openTo('closing');
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await rejection(opened(bus).publish([MESSAGE]))).to.be.instanceOf(BusUnavailable);
    }
    // What the client says goes to whoever opened the bus, not to the console.
    await notices.has((notice) => logLineOf(notice).level === 'debug');
  });

  it('goes on trying to consume, until it is told to end', async () => {
    const notices = await openTo('closing');
    const ending = new AbortController();
    const consuming = opened(bus).consume(
      { topics: ['any'], group: 'any' },
      () => Promise.resolve(),
      ending.signal,
    );
    await notices.until(
      () => notices.all.filter(({ kind }) => kind === 'consumer-lost').length >= 2,
    );
    ending.abort();
    await consuming;
  });

  it('can be closed while it connects', async () => {
    await openTo('silent');
    const publishing = rejection(opened(bus).publish([MESSAGE]));
    const consuming = rejection(
      opened(bus).consume(
        { topics: ['any'], group: 'any' },
        () => Promise.resolve(),
        new AbortController().signal,
      ),
    );
    await server?.somebodyThere();
    await opened(bus).close();
    expect(await publishing).to.be.instanceOf(BusUnavailable);
    expect(await consuming).to.be.instanceOf(BusUnavailable);
  });
});

function opened(bus: EventBus | undefined): EventBus {
  if (bus === undefined) throw new Error('no bus');
  return bus;
}

/** Takes connections and never answers, or closes them at once. */
class SilentServer {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #changed: () => void = () => undefined;

  private constructor(behaviour: 'silent' | 'closing') {
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (behaviour === 'closing') {
        socket.destroy();
        return;
      }
      socket.resume();
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#changed();
      });
      this.#changed();
    });
  }

  static async start(behaviour: 'silent' | 'closing'): Promise<SilentServer> {
    const server = new SilentServer(behaviour);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  somebodyThere(): Promise<void> {
    return this.#until(() => this.#sockets.size > 0);
  }

  everybodyGone(): Promise<void> {
    return this.#until(() => this.#sockets.size === 0);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (holds()) resolve();
      };
      this.#changed();
    });
  }
}
