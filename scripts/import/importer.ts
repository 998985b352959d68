import type { PostEntry } from '../../command-service/application/ledger.js';
import type { ImportRow, RowRefusal } from './rows.js';

/** Where entries go: the ledger in this process, or a server. Answers are in the order sent. */
export type Sink = (entries: readonly PostEntry[]) => Promise<readonly Outcome[]>;

export type Outcome =
  | Readonly<{ kind: 'accepted' | 'duplicate'; position: bigint }>
  | Readonly<{ kind: 'refused'; refusal: RowRefusal }>;

export type RefusedRow = Readonly<{ line: number; id?: string }> & RowRefusal;

export type ImportSummary = Readonly<{
  rows: number;
  accepted: number;
  duplicates: number;
  refused: number;
  /** The highest position answered; 0 when nothing was stored. */
  position: bigint;
}>;

export type ImportOptions = Readonly<{
  sink: Sink;
  /** Called for every refused row, in the order of the file. */
  onRefused: (row: RefusedRow) => void;
  /** Called after each batch with the rows settled so far. */
  onProgress?: (rows: number) => void;
  batchSize?: number;
  inFlight?: number;
}>;

type EntryRow = Extract<ImportRow, { entry: PostEntry }>;

/**
 * Refusals that may be owed to a batch still under way: a guarded account whose money is in it, or
 * a race. Once every earlier row is settled the row is sent once more, and that answer counts.
 */
const MAY_BE_EARLY: ReadonlySet<string> = new Set([
  'INSUFFICIENT_BALANCE',
  'CONTENTION',
  'REQUEST_IN_PROGRESS',
]);

/**
 * Sends the rows in batches, several at a time, and counts what became of them. Rows are held only
 * while their batch is under way. Running it again over the same file stores nothing twice, since
 * an entry's id is its key.
 */
export async function importRows(
  batches: AsyncIterable<readonly ImportRow[]>,
  options: ImportOptions,
): Promise<ImportSummary> {
  const { batchSize = 1000, inFlight = 4 } = options;
  const run = new Run(options);
  const underWay: Promise<void>[] = [];
  const send = async (rows: readonly ImportRow[]): Promise<void> => {
    underWay.push(run.send(rows));
    if (underWay.length >= inFlight) await underWay.shift();
  };
  let batch: ImportRow[] = [];
  try {
    for await (const rows of batches) {
      for (const row of rows) {
        batch.push(row);
        if (batch.length < batchSize) continue;
        await send(batch);
        batch = [];
      }
    }
    if (batch.length > 0) await send(batch);
  } finally {
    // Also after a failure: what was sent is settled before the caller closes the sink.
    await Promise.allSettled(underWay);
  }
  await Promise.all(underWay);
  return run.summary();
}

class Run {
  private rows = 0;
  private accepted = 0;
  private duplicates = 0;
  private refused = 0;
  private position = 0n;
  private earlier: Promise<void> = Promise.resolve();

  constructor(private readonly options: ImportOptions) {}

  /** Starts one batch at once and settles it after those before it. */
  send(rows: readonly ImportRow[]): Promise<void> {
    const entryRows = rows.filter((row): row is EntryRow => 'entry' in row);
    const outcomes = this.post(entryRows);
    const settled = this.settle(rows, entryRows, outcomes, this.earlier);
    this.earlier = settled;
    return settled;
  }

  summary(): ImportSummary {
    const { rows, accepted, duplicates, refused, position } = this;
    return { rows, accepted, duplicates, refused, position };
  }

  private async settle(
    rows: readonly ImportRow[],
    entryRows: readonly EntryRow[],
    sent: Promise<ReadonlyMap<EntryRow, Outcome>>,
    earlier: Promise<void>,
  ): Promise<void> {
    // Both, also where one fails: whoever waits for this batch waits for its answer too.
    await Promise.allSettled([sent, earlier]);
    await earlier;
    const outcomes = await sent;
    const early = entryRows.filter((row) => mayBeEarly(outcomes.get(row)));
    const again = early.length === 0 ? outcomes : await this.post(early);
    for (const row of rows) {
      if ('entry' in row) this.count(row, again.get(row) ?? outcomes.get(row));
      else {
        const id = row.id === undefined ? {} : { id: row.id };
        this.refuse({ line: row.line, ...id, ...row.refusal });
      }
    }
    this.rows += rows.length;
    this.options.onProgress?.(this.rows);
  }

  private async post(rows: readonly EntryRow[]): Promise<ReadonlyMap<EntryRow, Outcome>> {
    if (rows.length === 0) return new Map();
    const outcomes = await this.options.sink(rows.map((row) => row.entry));
    if (outcomes.length !== rows.length) {
      throw new Error(`${outcomes.length} answers came to ${rows.length} entries`);
    }
    return new Map(
      rows.flatMap((row, index) => {
        const outcome = outcomes[index];
        return outcome === undefined ? [] : [[row, outcome]];
      }),
    );
  }

  private count({ line, entry }: EntryRow, outcome: Outcome | undefined): void {
    if (outcome === undefined) throw new Error(`line ${line} got no answer`);
    if (outcome.kind === 'refused') {
      this.refuse({ line, id: entry.id, ...outcome.refusal });
      return;
    }
    if (outcome.kind === 'accepted') this.accepted++;
    else this.duplicates++;
    if (outcome.position > this.position) this.position = outcome.position;
  }

  private refuse(row: RefusedRow): void {
    this.refused++;
    this.options.onRefused(row);
  }
}

function mayBeEarly(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'refused' && MAY_BE_EARLY.has(outcome.refusal.code);
}
