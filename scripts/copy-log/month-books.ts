import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { Fold } from '../audit/fold.js';

const MONTH = /^\d{4}-\d{2}(?=-\d{2}$)/;

/** The books of a log, month by month of accounting days, by the auditor's fold. */
export class MonthBooks {
  readonly #months = new Map<string, Fold>();
  #entries = 0;

  /** @throws {AuditFailed} the event cannot be read, or its entry does not balance */
  add({ position, type, recordedAt, data, metadata }: RecordedEvent): void {
    const month = monthOf(metadata);
    let fold = this.#months.get(month);
    if (fold === undefined) {
      fold = new Fold();
      this.#months.set(month, fold);
    }
    const before = fold.entries;
    fold.add({ position: Number(position), type, recordedAt, data, metadata });
    this.#entries += fold.entries - before;
  }

  get entries(): number {
    return this.#entries;
  }

  /** The months with entries, like 2024-02, in order. */
  months(): readonly string[] {
    return [...this.#months]
      .filter(([, fold]) => fold.entries > 0)
      .map(([month]) => month)
      .sort();
  }

  /** What moved in a month. */
  of(month: string): Fold {
    return this.#months.get(month) ?? new Fold();
  }
}

/** The month of the accounting day; empty where there is none: only an entry needs one. */
function monthOf(metadata: string): string {
  try {
    const value: unknown = JSON.parse(metadata);
    if (typeof value !== 'object' || value === null || !('effectiveDate' in value)) return '';
    const { effectiveDate } = value;
    return typeof effectiveDate === 'string' ? (MONTH.exec(effectiveDate)?.[0] ?? '') : '';
  } catch {
    return '';
  }
}
