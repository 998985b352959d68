import { readRawRows } from '../../shared/adapters/sqlite/event-raw.js';
import { recordedEvent, type RawRow } from '../../shared/adapters/sqlite/event-row.js';
import { decodeEvent } from '../../shared/events/codec.js';
import { EventUndecodable } from '../../shared/events/upcast.js';
import { EventDamaged } from '../../shared/ports/event-store.js';
import { AuditFailed, Fold } from './fold.js';
import { trialBalance } from './trial-balance.js';
import type { Failure } from './failure.js';

/**
 * Reads every event with the auditor's fold and with the codec the services use, and says what
 * either of them finds wrong. Damaged bytes are passed over here: the scrub names them.
 */
export function checkEvents(
  folder: string,
  head: number,
  onProgress: (done: number) => void,
): Readonly<{ entries: number; failures: readonly Failure[] }> {
  const reading = new Reading();
  let after = 0;
  const readUpTo = (position: number): void => {
    for (const rows of readRawRows(folder, after, position)) {
      for (const row of rows) reading.read(row);
      after += rows.length;
      onProgress(after);
    }
  };
  while (after < head) {
    try {
      readUpTo(head);
      break;
    } catch (error) {
      if (!(error instanceof EventDamaged)) {
        reading.fail('events.db', error instanceof Error ? error.message : String(error));
        break;
      }
      // Damage is noticed for a chunk of events at once: those before it are read again.
      const damaged = Number(error.position);
      readUpTo(damaged - 1);
      after = damaged;
    }
  }
  return reading.result();
}

class Reading {
  private readonly fold = new Fold();
  private readonly failures: Failure[] = [];
  private recordedAt = 0;

  read(row: RawRow): void {
    const [position, stream, type, recordedAt, data, metadata] = row;
    if (recordedAt < this.recordedAt) {
      this.fail(`position ${position}`, `recorded at ${recordedAt}, before the event before it`);
    }
    this.recordedAt = Math.max(this.recordedAt, recordedAt);
    try {
      this.fold.add({ position, type, recordedAt, data, metadata });
      decodeEvent(recordedEvent(row));
    } catch (error) {
      if (!(error instanceof AuditFailed) && !(error instanceof EventUndecodable)) throw error;
      this.fail(`position ${position}`, `${type} in ${stream}: ${error.reason}`);
    }
  }

  result(): Readonly<{ entries: number; failures: readonly Failure[] }> {
    const books = trialBalance(this.fold.result())
      .totals.filter(({ debits, credits }) => debits !== credits)
      .map(({ currency, debits, credits }) => ({
        where: currency,
        what: `the books do not balance: debits ${debits}, credits ${credits}`,
      }));
    return { entries: this.fold.entries, failures: [...this.failures, ...books] };
  }

  fail(where: string, what: string): void {
    this.failures.push({ where, what });
  }
}
