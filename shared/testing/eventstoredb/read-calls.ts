import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Delivery } from './delivery.js';
import type { StoredEvent } from './esdb-event.js';
import {
  badRequestFailure,
  invalidPositionFailure,
  noLeaderFailure,
  notLeaderFailure,
  streamDeletedFailure,
} from './failures.js';
import { findEvents, startIn, type Options } from './read-request.js';
import { Sender, type ReadCall } from './sender.js';
import type { Serving } from './serving.js';
import { Subscription, type Interest } from './subscription.js';
import { BadRequest, streamIdentifier, streamOf } from './wire.js';

/** Events that the true server looks through at once. */
const SEARCH_WINDOW = 32;

/** Read: of a stream or of everything, once or for ever. */
export function serveRead(serving: Serving, call: ReadCall): void {
  const sender = new Sender(call, () => serving.resetPeer(call.getPeer()));
  const options = call.request.getOptions();
  answer(serving, sender, options).catch((fault: unknown) => {
    if (!(fault instanceof BadRequest)) throw fault;
    sender.fail(badRequestFailure(fault.message));
  });
}

async function answer(
  serving: Serving,
  sender: Sender,
  options: Options | undefined,
): Promise<void> {
  if (options === undefined) throw new BadRequest('no options');
  if (options.getUuidOption()?.hasString() !== true) {
    throw new BadRequest('only UUIDs written as texts are given');
  }
  if (options.hasSubscription()) await answerSubscription(serving, sender, options);
  else await answerRead(serving, sender, options);
}

async function answerRead(serving: Serving, sender: Sender, options: Options): Promise<void> {
  const fault = serving.misbehaviours.next('read');
  if (fault?.kind === 'no-answer') return;
  if (fault?.kind === 'not-leader') {
    sender.fail(notLeaderFailure(fault.host, fault.port));
    return;
  }
  if (fault?.kind === 'no-leader') {
    sender.fail(noLeaderFailure());
    return;
  }
  const found = findEvents(serving.log, options);
  switch (found.kind) {
    case 'failed':
      sender.fail(found.failure);
      return;
    case 'not-found': {
      const missing = new streams.ReadResp.StreamNotFound();
      missing.setStreamIdentifier(streamIdentifier(found.stream));
      await sender.send(new streams.ReadResp().setStreamNotFound(missing));
      sender.end();
      return;
    }
    case 'events': {
      const delivery = new Delivery(sender, fault);
      for (const event of found.events) {
        if (!sender.isOpen()) return;
        await delivery.deliver(event);
      }
      sender.end();
    }
  }
}

async function answerSubscription(
  serving: Serving,
  sender: Sender,
  options: Options,
): Promise<void> {
  const fault = serving.misbehaviours.next('subscription');
  if (fault?.kind === 'no-answer') return;
  if (fault?.kind === 'not-leader') {
    sender.fail(notLeaderFailure(fault.host, fault.port));
    return;
  }
  if (fault?.kind === 'no-leader') {
    sender.fail(noLeaderFailure());
    return;
  }
  const again = fault?.kind === 'repeated' ? fault.events : 0;
  const interest = options.hasAll()
    ? interestInAll(serving, sender, options, again)
    : interestInStream(serving, sender, options, again);
  if (interest === undefined) return;
  const { log, liveBuffer, subscriptions } = serving;
  const subscription = new Subscription(log, sender, interest, { fault, liveBuffer });
  subscriptions.add(subscription);
  await subscription.run();
  subscriptions.delete(subscription);
}

function interestInAll(
  { log }: Serving,
  sender: Sender,
  options: Options,
  again: number,
): Interest | undefined {
  const all = options.getAll() ?? new streams.ReadReq.Options.AllOptions();
  const start = startIn(log, all);
  if (start === undefined) {
    sender.fail(invalidPositionFailure());
    return undefined;
  }
  // A position is that of the last event seen; only the very beginning is taken as it is.
  const isAfter = all.hasPosition() && start > 0 && start < log.all.length;
  const filter = options.getFilter();
  return {
    stream: undefined,
    backlog: [],
    index: Math.max(0, (isAfter ? start + 1 : start) - again),
    isWanted: filter === undefined ? () => true : wantedBy(filter),
    checkpointEvery: filter === undefined ? undefined : checkpointInterval(filter),
  };
}

function interestInStream(
  { log }: Serving,
  sender: Sender,
  options: Options,
  again: number,
): Interest | undefined {
  const given = options.getStream() ?? new streams.ReadReq.Options.StreamOptions();
  const stream = streamOf(given.getStreamIdentifier());
  const state = log.stream(stream);
  if (state.kind === 'deleted') {
    sender.fail(streamDeletedFailure(stream));
    return undefined;
  }
  const there = state.kind === 'there' && !given.hasEnd() ? state.events : [];
  const after = given.hasRevision() ? BigInt(given.getRevision()) - BigInt(again) : -1n;
  return {
    stream,
    backlog: there.filter(({ revision }) => revision > after),
    index: log.all.length,
    isWanted: (event) => event.stream === stream && event.revision > after,
    checkpointEvery: undefined,
  };
}

type Filter = streams.ReadReq.Options.FilterOptions;

function wantedBy(filter: Filter): (event: StoredEvent) => boolean {
  const onType = filter.getEventType();
  const matches = matcher(onType ?? filter.getStreamIdentifier());
  return (event) => matches(onType === undefined ? event.stream : event.type);
}

function matcher(
  expression: streams.ReadReq.Options.FilterOptions.Expression | undefined,
): (name: string) => boolean {
  if (expression === undefined) throw new BadRequest('a filter must be on something');
  const regex = expression.getRegex();
  if (regex === '') {
    const prefixes = expression.getPrefixList();
    return (name) => prefixes.some((prefix) => name.startsWith(prefix));
  }
  const pattern = new RegExp(regex, 'u');
  return (name) => pattern.test(name);
}

function checkpointInterval(filter: Filter): number {
  const window = filter.hasMax() ? filter.getMax() : SEARCH_WINDOW;
  return window * filter.getCheckpointintervalmultiplier();
}
