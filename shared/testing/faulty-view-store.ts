import type {
  Range,
  Row,
  Table,
  Value,
  ViewBatch,
  ViewReader,
  ViewStore,
} from '../ports/view-store.js';

/** A view store that can be made to fail, before or after what it is asked to write is written. */
export class FaultyViewStore implements ViewStore {
  #before: Error | undefined;
  #after: Error | undefined;
  #commits = 0;

  constructor(private readonly inner: ViewStore) {}

  /** Commits asked for so far. */
  get commits(): number {
    return this.#commits;
  }

  /** Commits fail and write nothing, until called with undefined. */
  failBefore(fault: Error | undefined): void {
    this.#before = fault;
  }

  /** The next commit is written, and then fails: the answer is lost. */
  failAfterNext(fault: Error): void {
    this.#after = fault;
  }

  async commit(view: string, batch: ViewBatch): Promise<'committed' | 'fenced'> {
    this.#commits++;
    if (this.#before !== undefined) throw this.#before;
    const outcome = await this.inner.commit(view, batch);
    const after = this.#after;
    this.#after = undefined;
    if (after !== undefined) throw after;
    return outcome;
  }

  checkpoint(view: string): Promise<bigint> {
    return this.inner.checkpoint(view);
  }

  get(table: Table, key: readonly Value[]): Promise<Row | undefined> {
    return this.inner.get(table, key);
  }

  scan(table: Table, range: Range): Promise<readonly Row[]> {
    return this.inner.scan(table, range);
  }

  lastOfEach(
    table: Table,
    index: string,
    prefixes: readonly (readonly Value[])[],
    upTo: Value,
  ): Promise<readonly (Row | undefined)[]> {
    return this.inner.lastOfEach(table, index, prefixes, upTo);
  }

  snapshot<T>(read: (reader: ViewReader) => Promise<T>): Promise<T> {
    return this.inner.snapshot(read);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
