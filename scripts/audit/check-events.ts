import { decodeEvent } from '../../shared/events/codec.js';
import { EventUndecodable } from '../../shared/events/upcast.js';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import type { AuditedLog, Finding, OnProgress } from './audited-log.js';
import { AuditFailed, Fold } from './fold.js';
import { trialBalance } from './trial-balance.js';
import { reasonOf, type Failure } from './failure.js';

/**
 * Reads every event with the auditor's fold and with the codec the services use, and says what
 * either of them finds wrong. Damaged bytes are passed over here: the check of what is stored names
 * them.
 */
export async function checkEvents(log: AuditedLog, onProgress: OnProgress): Promise<Finding> {
  const reading = new Reading();
  let read = 0n;
  try {
    for await (const page of log.pages()) {
      for (const event of page) reading.read(event);
      const last = page.at(-1)?.position ?? read;
      onProgress(Number(last - read));
      read = last;
    }
  } catch (error) {
    reading.fail(log.name, reasonOf(error));
  }
  return reading.result();
}

class Reading {
  private readonly fold = new Fold();
  private readonly failures: Failure[] = [];
  private recordedAt = 0;

  read(event: RecordedEvent): void {
    const { stream, type, recordedAt, data, metadata } = event;
    const where = `position ${event.position}`;
    if (recordedAt < this.recordedAt) {
      this.fail(where, `recorded at ${recordedAt}, before the event before it`);
    }
    this.recordedAt = Math.max(this.recordedAt, recordedAt);
    try {
      this.fold.add({ position: Number(event.position), type, recordedAt, data, metadata });
      decodeEvent(event);
    } catch (error) {
      if (!(error instanceof AuditFailed) && !(error instanceof EventUndecodable)) throw error;
      this.fail(where, `${type} in ${stream}: ${error.reason}`);
    }
  }

  result(): Finding {
    const books = trialBalance(this.fold.result())
      .totals.filter(({ debits, credits }) => debits !== credits)
      .map(({ currency, debits, credits }) => ({
        where: currency,
        what: `the books do not balance: debits ${debits}, credits ${credits}`,
      }));
    const { entries } = this.fold;
    return {
      checked: `${entries} entries: readable, balanced each and together, recorded time never backwards`,
      failures: [...this.failures, ...books],
    };
  }

  fail(where: string, what: string): void {
    this.failures.push({ where, what });
  }
}
