import { EventStoreDBClient } from '@eventstore/db-client';
import streamsGrpc, {
  type StreamsClient,
} from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { status, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js';
import type { ConnectionSettings } from './settings.js';

export type ReadCall = ClientReadableStream<ReadResp>;
export type AppendCall = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;

/** A call, and how to say that the connection it runs on may be dead. */
export type Opened<Call> = Readonly<{ call: Call; suspect: () => void }>;

/**
 * The vendor's client, of which only the connection is used: finding a node, following the leader,
 * connecting anew. Its own appends and reads have the defects that decision 0016 lists.
 */
export class Connection extends EventStoreDBClient {
  private lastUsed: StreamsClient | undefined;

  constructor({ nodes, discovery, client, channel, user }: ConnectionSettings) {
    // A cluster's own nodes are all the same to us but the leader: only it has read what it wrote.
    const found = { ...discovery, ...client, nodePreference: 'leader' } as const;
    switch (nodes.kind) {
      case 'single':
        super({ ...client, endpoint: nodes.endpoint }, channel, user);
        break;
      case 'gossip':
        super({ ...found, endpoints: nodes.endpoints }, channel, user);
        break;
      case 'dns':
        super({ ...found, discover: nodes.discover }, channel, user);
        break;
    }
  }

  openRead(request: ReadReq): Promise<Opened<ReadCall>> {
    return this.#open('read', (client) => client.read(request, ...this.#arguments()));
  }

  openAppends(): Promise<Opened<AppendCall>> {
    return this.#open('append', (client) => client.batchAppend(...this.#arguments()));
  }

  /** Ends all calls and lets go of the socket. */
  async hangUp(): Promise<void> {
    await this.dispose();
    this.lastUsed?.getChannel().close();
  }

  async #open<Call extends ReadCall | AppendCall>(
    name: string,
    call: (client: StreamsClient) => Call,
  ): Promise<Opened<Call>> {
    let used: StreamsClient | undefined;
    const open = this.GRPCStreamCreator(
      streamsGrpc.StreamsClient,
      name,
      (client: StreamsClient) => {
        used = client;
        this.lastUsed = client;
        return call(client);
      },
    );
    const opened = await open();
    return {
      call: opened,
      suspect: () => {
        // What the client does by itself when a call fails so: the next one connects anew.
        if (used !== undefined) void this.handleError(used, new DeadConnection());
      },
    };
  }

  #arguments() {
    return this.callArguments({ requiresLeader: true }, { deadline: Infinity });
  }
}

class DeadConnection extends Error {
  readonly code = status.UNAVAILABLE;
  readonly details = 'no answer';
}
