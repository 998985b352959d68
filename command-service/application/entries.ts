import type { EntryPosted } from '../../shared/events/event.js';
import type { Day } from '../../shared/ledger/day.js';
import { isEntry, journalEntry, reverseEntry } from '../../shared/ledger/entry.js';
import type { AppendResult } from '../../shared/ports/event-store.js';
import { idTaken, judge, judgeOpening, type Request } from '../domain/entry.js';
import { refused } from '../domain/decider.js';
import { placeEntry, type Placement } from '../domain/placement.js';
import { refuse, refuseEntry, type Refusal } from '../domain/refusal.js';
import type { AccountPorts } from './account-queue.js';
import { entryStream, findEntry, readOpening } from './claims.js';
import { entryFingerprint, reversalFingerprint, reversalId } from './fingerprint.js';
import type { GuardedAccounts } from './guarded.js';
import type { JobDefinition, Place } from './job.js';
import type { Answer, CommandContext, Posted, PostEntry, ReverseEntry } from './ledger.js';
import { newEvent, type Origin } from './record.js';

/** Today in the ledger's zone, and the last day an entry may have. */
export type Days = Readonly<{ today: Day; last: Day }>;

/** An entry that may be posted, and the stream it belongs into. */
export type Prepared = Readonly<{
  request: Request;
  event: EntryPosted;
  origin: Origin;
  today: Day;
  placement: Placement;
}>;

const FIRST_DAY = '1900-01-01';
const ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Posts entries one by one: checks them, finds their stream, and tells repetitions. */
export class EntryPoster {
  constructor(
    readonly ports: AccountPorts,
    readonly guarded: GuardedAccounts,
  ) {}

  /**
   * Checks an entry and finds its place. Nothing is read or written.
   * @throws Error when the id is none: whoever takes requests has to refuse that before
   */
  prepare(command: PostEntry, context: CommandContext, days: Days): Prepared | Refusal {
    const { id, description, metadata, occurredAt, effectiveDate = days.today } = command;
    if (!ID.test(id)) throw new Error(`${JSON.stringify(id)} is no id of an entry`);
    const entry = journalEntry(command.legs);
    if (!isEntry(entry)) return refuseEntry(entry);
    if (effectiveDate < FIRST_DAY || effectiveDate > days.last) {
      return dateOutOfRange(effectiveDate, days);
    }
    const placement = placeEntry(entry, this.ports.follower.knowledge);
    if (placement.kind === 'refused') return placement.refusal;
    const fingerprint = entryFingerprint(command, entry);
    return {
      request: { id, commandId: id, fingerprint },
      event: {
        type: 'EntryPosted',
        data:
          metadata === undefined
            ? { id, description, entry }
            : { id, description, entry, metadata },
      },
      origin: { commandId: id, context, effectiveDate, occurredAt, fingerprint },
      today: days.today,
      placement,
    };
  }

  /** Finds the entry to be reversed, and prepares the one that undoes it. */
  async prepareReversal(
    command: ReverseEntry,
    context: CommandContext,
    days: Days,
  ): Promise<Prepared | Refusal> {
    const { id: reverses, commandId, reason, effectiveDate = days.today } = command;
    if (effectiveDate < FIRST_DAY || effectiveDate > days.last) {
      return dateOutOfRange(effectiveDate, days);
    }
    const original = await findEntry(this.ports.store, reverses);
    if (original?.event.type !== 'EntryPosted') {
      return refuse('NOT_FOUND', `there is no entry ${reverses}`, {
        field: 'id',
        value: reverses,
        reason: 'unknown',
      });
    }
    const id = reversalId(reverses);
    const entry = reverseEntry(original.event.data.entry);
    const placement = placeEntry(entry, this.ports.follower.knowledge);
    if (placement.kind === 'refused') return placement.refusal;
    const fingerprint = reversalFingerprint(command);
    return {
      request: { id, commandId, fingerprint, reverses },
      event: { type: 'EntryPosted', data: { id, description: reason, entry, reverses } },
      origin: { commandId, context, effectiveDate, fingerprint },
      today: days.today,
      placement,
    };
  }

  /** Posts a prepared entry, wherever it belongs. */
  async post(prepared: Prepared): Promise<Answer<Posted>> {
    const { placement } = prepared;
    switch (placement.kind) {
      case 'free':
        return this.appended(prepared, await this.append(prepared));
      case 'guarded': {
        const { account, definition } = placement;
        return this.guarded.submit(account, definition, entryJob(prepared));
      }
      case 'refused':
        return { kind: 'refused', refusal: placement.refusal };
      case 'unknown': {
        // Another process may have declared the code a moment ago.
        await this.ports.follower.catchUp();
        const again = placeEntry(prepared.event.data.entry, this.ports.follower.knowledge);
        if (again.kind === 'unknown') return { kind: 'refused', refusal: again.refusal };
        return this.post({ ...prepared, placement: again });
      }
    }
  }

  /**
   * Appends an entry that can break no rule, to a stream that must not be there yet. Nothing is read
   * before: that the id is taken is the exception, and the append finds it out.
   */
  append({ event, origin }: Prepared): Promise<AppendResult> {
    const { store, ids } = this.ports;
    const stream = entryStream(event.data.id);
    return store.append(stream, 'no-stream', [newEvent(event, origin, ids)]);
  }

  /** The answer to {@link append}. */
  appended(prepared: Prepared, result: AppendResult): Answer<Posted> | Promise<Answer<Posted>> {
    if (result.kind === 'conflict') return this.#repeated(prepared);
    const { id } = prepared.event.data;
    const place = {
      stream: entryStream(id),
      revision: result.revision,
      position: result.position,
      recordedAt: result.recordedAt,
    };
    return { kind: 'done', value: posted(id, place, prepared.origin), replayed: false };
  }

  /** The id is taken: by this very request, or by another one. */
  async #repeated({ request }: Prepared): Promise<Answer<Posted>> {
    const { store } = this.ports;
    const opening = await readOpening(store, entryStream(request.id));
    if (opening === undefined || opening.state.kind === 'none') {
      throw new Error(`the stream of entry ${request.id} is taken, yet empty`);
    }
    const decision = judgeOpening(request, opening.state);
    if (decision.kind === 'refused') return { kind: 'refused', refusal: decision.refusal };
    if (opening.state.kind === 'claimed') {
      if (request.reverses !== undefined) return { kind: 'refused', refusal: idTaken(request.id) };
      throw new Error(`entry ${request.id} is claimed for ${opening.state.stream}, and free`);
    }
    const { event } = opening;
    return { kind: 'done', value: posted(request.id, event, event.metadata), replayed: true };
  }
}

/** The entry as a command for the stream of the guarded account it reduces. */
function entryJob({ request, event, origin, today }: Prepared): JobDefinition<Posted> {
  const { id } = request;
  return {
    command: { type: 'post', event },
    origin,
    today,
    id,
    claim: { stream: entryStream(id), opens: request },
    judge: ({ event: stored, metadata }) => {
      if (stored.type !== 'EntryPosted' || stored.data.id !== id) return undefined;
      const same = stored.data.reverses === request.reverses;
      return same ? judge(request, metadata) : refused(idTaken(id));
    },
    value: (_event, place, { effectiveDate }) => posted(id, place, { effectiveDate }),
  };
}

function posted(id: string, place: Place, { effectiveDate }: { effectiveDate: Day }): Posted {
  const { stream, revision, position, recordedAt } = place;
  return { id, stream, revision, position, recordedAt, effectiveDate };
}

function dateOutOfRange(day: Day, { last }: Days): Refusal {
  const reason = `an effective date is from ${FIRST_DAY} to ${last}`;
  return refuse('EFFECTIVE_DATE_OUT_OF_RANGE', reason, {
    field: 'effectiveDate',
    value: day,
    reason,
  });
}
