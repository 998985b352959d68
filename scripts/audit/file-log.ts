import { readRawRows } from '../../shared/adapters/sqlite/event-raw.js';
import { recordedEvent } from '../../shared/adapters/sqlite/event-row.js';
import { scrubEvents } from '../../shared/adapters/sqlite/event-scrub.js';
import { EventDamaged, type RecordedEvent } from '../../shared/ports/event-store.js';
import type { AuditedLog, Finding, FoldedPart, FoldPart, OnProgress } from './audited-log.js';
import { foldInThreads } from './fold-in-threads.js';

/** The log in the SQLite file of a data folder. Its positions count events. */
export class FileLog implements AuditedLog {
  readonly name = 'events.db';
  readonly unit = 'events';

  /** @param threads to fold in; default: as many as help */
  constructor(
    private readonly folder: string,
    readonly head: bigint,
    private readonly threads?: number,
  ) {}

  fold(part: FoldPart, onProgress: OnProgress): Promise<FoldedPart> {
    return foldInThreads(this.folder, part, onProgress, this.threads);
  }

  async checkStored(onProgress: OnProgress): Promise<Finding> {
    let before = 0;
    const damage = await scrubEvents(this.folder, (done) => {
      onProgress(done - before);
      before = done;
    });
    return {
      checked: `${this.head} events: bytes, positions, revisions of every stream, file and index`,
      failures: damage.map(({ position, detail }) => ({
        where: position === undefined ? this.name : `position ${position}`,
        what: detail,
      })),
    };
  }

  *pages(): Generator<readonly RecordedEvent[], void, void> {
    const head = Number(this.head);
    let after = 0;
    let upTo = head;
    while (after < head) {
      try {
        for (const rows of readRawRows(this.folder, after, upTo)) {
          after += rows.length;
          yield rows.map(recordedEvent);
        }
        if (upTo === head) return;
        after = upTo + 1;
        upTo = head;
      } catch (error) {
        if (!(error instanceof EventDamaged)) throw error;
        // Damage is noticed for a chunk of events at once: those before it are read again.
        upTo = Number(error.position) - 1;
      }
    }
  }
}
