import type { EventStore, RecordedEvent } from '../../shared/ports/event-store.js';
import type { AuditedLog, Finding, FoldedPart, FoldPart, OnProgress } from './audited-log.js';
import type { Failure } from './failure.js';
import { Fold } from './fold.js';

const PAGE_EVENTS = 1000;

/** The log on a server, read page by page. Its positions are bytes of the server's log. */
export class ServerLog implements AuditedLog {
  readonly name = 'EventStoreDB';
  readonly unit = 'bytes';

  constructor(
    private readonly log: Pick<EventStore, 'readAll'>,
    readonly head: bigint,
  ) {}

  async fold(part: FoldPart, onProgress: OnProgress): Promise<FoldedPart> {
    const { upTo, effective, recordedUpTo = Infinity } = part;
    const fold = new Fold(effective === undefined ? {} : { effective });
    let last = 0n;
    for await (const page of this.#pagesUpTo(upTo)) {
      const before = last;
      for (const { position, type, recordedAt, data, metadata } of page) {
        // Recorded time never runs backwards, so nothing after this was known.
        if (recordedAt > recordedUpTo) return { fold: fold.result(), last };
        fold.add({ position: Number(position), type, recordedAt, data, metadata });
        last = position;
      }
      onProgress(Number(last - before));
    }
    return { fold: fold.result(), last };
  }

  async checkStored(onProgress: OnProgress): Promise<Finding> {
    const failures: Failure[] = [];
    const revisions = new Map<string, number>();
    let events = 0;
    let read = 0n;
    for await (const page of this.pages()) {
      for (const { stream, revision, position } of page) {
        const expected = (revisions.get(stream) ?? -1) + 1;
        if (Number(revision) !== expected) {
          const what = `${stream} goes on with revision ${revision}, not ${expected}`;
          failures.push({ where: `position ${position}`, what });
        }
        revisions.set(stream, Number(revision));
      }
      events += page.length;
      const last = page.at(-1)?.position ?? read;
      onProgress(Number(last - read));
      read = last;
    }
    const unchecked = 'not bytes, file and index: only a SQLite log has checksums';
    return { checked: `${events} events: revisions of every stream; ${unchecked}`, failures };
  }

  pages(): AsyncIterable<readonly RecordedEvent[]> {
    return this.#pagesUpTo(this.head);
  }

  async *#pagesUpTo(upTo: bigint): AsyncGenerator<readonly RecordedEvent[], void, void> {
    for (let after = 0n; after < upTo;) {
      const read = await this.log.readAll(after, PAGE_EVENTS);
      const page = read.filter(({ position }) => position <= upTo);
      const last = page.at(-1);
      if (last === undefined) {
        if (upTo < this.head) return;
        throw new Error(`nothing comes after position ${after}, but the log ends at ${upTo}`);
      }
      yield page;
      after = last.position;
    }
  }
}
