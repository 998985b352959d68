import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { EventDamaged, type RecordedEvent } from '../../ports/event-store.js';
import { event, newStream } from '../../testing/event-samples.js';
import { readRawRows } from './event-raw.js';
import { LogReader } from './event-reader.js';
import { scrubEvents } from './event-scrub.js';
import { openEventStore } from './event-store.js';

const MARKED = '{"note":"사개 £ 1","amount":"50000"}';
const MARKED_METADATA = '{"actor":"누구"}';

describe('damage of the log', () => {
  let folder: string;
  let intact: Buffer;
  let events: readonly RecordedEvent[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sagae-scrub-'));
    const store = await openEventStore({ folder });
    for (let i = 0; i < 30; i += 1) {
      await store.append(newStream(), 'no-stream', [event(), event()]);
    }
    const marked = event({ type: 'Marked', data: MARKED, metadata: MARKED_METADATA });
    await store.append('marked-stream', 'no-stream', [marked]);
    const long = JSON.stringify('y'.repeat(30_000));
    await store.append('marked-stream', 0n, [event({ data: long })]);
    events = await store.readAll(0n, 1000);
    await store.close();
    intact = await readFile(file());
  });
  afterEach(() => rm(folder, { recursive: true }));

  function file(): string {
    return join(folder, 'events.db');
  }

  function readEverything(): readonly RecordedEvent[] {
    const reader = new LogReader(folder);
    try {
      const all = reader.readAll(0n, 1000);
      for (const { stream } of all) {
        reader.readStream(stream, { direction: 'forwards', limit: 10 });
      }
      return all;
    } finally {
      reader.close();
    }
  }

  async function withFlippedBits(bits: readonly number[]): Promise<void> {
    const bytes = Buffer.from(intact);
    for (const bit of bits) {
      const at = Math.floor(bit / 8) % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at);
    }
    await writeFile(file(), bytes);
  }

  /** One bit of a text, wherever the file has it: SQLite leaves copies when it splits a page. */
  function bitsOf(text: string | Buffer, bit: number): readonly number[] {
    const bits: number[] = [];
    for (let at = intact.indexOf(text); at >= 0; at = intact.indexOf(text, at + 1)) {
      bits.push(at * 8 + bit);
    }
    expect(bits).to.not.eql([]);
    return bits;
  }

  it('is not there in a log as it was written', async () => {
    expect(existsSync(`${file()}-wal`)).to.equal(false);
    const progress: [number, number][] = [];
    expect(await scrubEvents(folder, (done, all) => progress.push([done, all]))).to.eql([]);
    expect(progress.at(-1)).to.eql([62, 62]);
    expect(readEverything()).to.eql(events);
  });

  it('is found whichever bits of the file are flipped, or every event is as it was', async function () {
    this.timeout(120_000);
    const bit = fc.nat({ max: intact.length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(fc.array(bit, { minLength: 1, maxLength: 3 }), async (bits) => {
        await withFlippedBits(bits);
        const damage = await scrubEvents(folder);
        if (damage.length === 0) expect(readEverything()).to.eql(events);
      }),
      { numRuns: 400 },
    );
  });

  it('is found and named for every bit of an event', async function () {
    this.timeout(120_000);
    const marked = events.find(({ type }) => type === 'Marked');
    for (const text of [MARKED, MARKED_METADATA, 'Marked', 'marked-stream', idBytes(marked)]) {
      for (let bit = 0; bit < Buffer.byteLength(text) * 8; bit += 1) {
        await withFlippedBits(bitsOf(text, bit));
        expect(readEverything).to.throw(EventDamaged).with.property('position', marked?.position);
      }
    }
  });

  it('is listed by the scrub with every position concerned, by the raw reader with the first', async () => {
    const places = events.slice(3, 6).flatMap(({ data }) => bitsOf(data, 100));
    await withFlippedBits(places);
    const damage = await scrubEvents(folder);
    expect(damage.map(({ position }) => position)).to.eql([4n, 5n, 6n]);
    const readRaw = () => [...readRawRows(folder, 0, events.length)];
    expect(readRaw).to.throw(EventDamaged).with.property('position', 4n);
    expect([...readRawRows(folder, 6, events.length)].flat()).to.have.length(events.length - 6);
  });

  it('is found where an event was taken out or put into another place', async () => {
    const tampered = async (sql: string) => {
      await writeFile(file(), intact);
      const db = new Database(file());
      const triggers = db
        .prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE type = 'trigger'`)
        .pluck()
        .all();
      db.exec(`DROP TRIGGER events_never_change; DROP TRIGGER events_never_go; ${sql}`);
      db.exec(triggers.join(';'));
      db.close();
      return (await scrubEvents(folder)).map(({ position }) => position);
    };
    expect(await tampered('DELETE FROM events WHERE position IN (7, 8)')).to.eql([7n]);
    // The last of a range is missed too, by whoever reads only that range.
    for (const upTo of [7, 8, 9]) {
      const readRaw = () => [...readRawRows(folder, 0, upTo)];
      expect(readRaw).to.throw(EventDamaged).with.property('position', 7n);
    }
    expect(await tampered('UPDATE events SET position = 100 WHERE position = 62')).to.eql([
      62n,
      100n,
    ]);
    expect(await tampered(`UPDATE events SET recorded_at = 1 WHERE position = 9`)).to.eql([9n]);
    expect(await tampered('UPDATE events SET revision = 5 WHERE position = 2')).to.eql([
      2n,
      undefined,
    ]);
    const swapped = 'UPDATE events SET event_id = (SELECT event_id FROM events WHERE position = 1)';
    expect(await tampered(`${swapped} WHERE position = 3`)).to.eql([3n]);
  });

  it('of the tables themselves keeps the log from being opened', async () => {
    await writeFile(file(), intact.subarray(0, 5000));
    expect((await scrubEvents(folder)).length).to.be.greaterThan(0);
    await rm(file());
    expect((await scrubEvents(folder)).length).to.be.greaterThan(0);
  });
});

function idBytes(event: RecordedEvent | undefined): Buffer {
  return Buffer.from(event?.eventId.replaceAll('-', '') ?? '', 'hex');
}
