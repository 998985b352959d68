import { EventStoreDBClient } from '@eventstore/db-client';
import streamsGrpc, {
  type StreamsClient,
} from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { status, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js';
import type { ConnectionSettings } from './settings.js';

export type ReadCall = ClientReadableStream<ReadResp>;
export type AppendCall = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;

/** A call, and how to say that the connection it runs on may be dead. */
export type Opened<Call> = Readonly<{ call: Call; suspect: () => void }>;

type CallArguments = ReturnType<VendorClient['arguments']>;

/**
 * The vendor's client, of which only the connection is used: finding a node, following the leader,
 * connecting anew. Its own appends and reads have the defects that decision 0016 lists.
 */
export class VendorClient extends EventStoreDBClient {
  private lastUsed: StreamsClient | undefined;

  async open<Call extends ReadCall | AppendCall>(
    name: string,
    open: (client: StreamsClient, args: CallArguments) => Call,
  ): Promise<Opened<Call>> {
    let used: StreamsClient | undefined;
    const creator = this.GRPCStreamCreator(
      streamsGrpc.StreamsClient,
      name,
      (client: StreamsClient) => {
        used = client;
        this.lastUsed = client;
        return open(client, this.arguments());
      },
    );
    const call = await creator();
    return {
      call,
      suspect: () => {
        // What the client does by itself when a call fails so: the next one connects anew.
        if (used !== undefined) void this.handleError(used, new DeadConnection());
      },
    };
  }

  /** Nobody waits for that: where the next node cannot be found either, the next call says so. */
  ignoreFaultsOfReconnecting(): void {
    const { handleError } = this;
    this.handleError = (client, error) => handleError(client, error).catch(() => undefined);
  }

  /** Ends all calls and lets go of the socket. */
  async hangUp(): Promise<void> {
    await this.dispose();
    this.lastUsed?.getChannel().close();
  }

  private arguments() {
    return this.callArguments({ requiresLeader: true }, { deadline: Infinity });
  }
}

export function vendorClient(settings: ConnectionSettings): VendorClient {
  const client = newClient(settings);
  client.ignoreFaultsOfReconnecting();
  return client;
}

function newClient({ nodes, discovery, client, channel, user }: ConnectionSettings): VendorClient {
  // A cluster's own nodes are all the same to us but the leader: only it has read what it wrote.
  const found = { ...discovery, ...client, nodePreference: 'leader' } as const;
  switch (nodes.kind) {
    case 'single':
      return new VendorClient({ ...client, endpoint: nodes.endpoint }, channel, user);
    case 'gossip':
      return new VendorClient({ ...found, endpoints: nodes.endpoints }, channel, user);
    case 'dns':
      return new VendorClient({ ...found, discover: nodes.discover }, channel, user);
  }
}

class DeadConnection extends Error {
  readonly code = status.UNAVAILABLE;
  readonly details = 'no answer';
}
