/*
 * What the main thread and the writer thread say to each other. Columns of plain strings: that is
 * what the structured clone copies fastest.
 */

/** Appends in the order they were asked for, their events one after the other. */
export type AppendBatch = Readonly<{
  kind: 'append';
  /** The caller's time, where it brought its own clock. */
  now: number | undefined;
  streams: string[];
  /** Expected revision of each append; -1: no stream. */
  expected: number[];
  /** Number of events of each append. */
  counts: number[];
  eventIds: string[];
  types: string[];
  data: string[];
  metadata: string[];
}>;

export type WriterRequest =
  | AppendBatch
  /** From now on the file may not grow above this many pages. */
  | Readonly<{ kind: 'limit'; pages: number }>
  | Readonly<{ kind: 'close' }>;

/** Answers come in the order of the batches; one answer may be for several of them. */
export type WriterReply =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'committed'; batches: number; answers: Float64Array }>
  | Readonly<{ kind: 'failed'; batches: number; full: boolean; message: string }>;

/** Numbers of one append in `answers`: outcome, revision, position, recordedAt. */
export const ANSWER_LENGTH = 4;
export const APPENDED = 0;
/** `revision` is that of the stream's last event, -1 when there is none. */
export const CONFLICT = 1;
