import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { RecordedEvent } from '../../shared/ports/event-store.js';
import { MemoryLog } from '../../shared/testing/memory-log.js';
import { reportJson, reportText, whatIsWrong } from './report.js';
import { sampleLog } from './sample-logs.js';
import { verifyCopy, type CopyVerification } from './verify-copy.js';

/** A copy of a log in which one event is another, or is not there at all. */
function alteredCopy(
  source: MemoryLog,
  at: number,
  alter: (event: RecordedEvent) => RecordedEvent | undefined,
): MemoryLog {
  const copy = new MemoryLog(29n);
  for (const [index, event] of source.recorded.entries()) {
    const kept = index === at ? alter(event) : event;
    if (kept !== undefined) copy.append(kept.stream, kept);
  }
  return copy;
}

const report = (verification: CopyVerification) => {
  return { from: 'SQLite in a', to: 'EventStoreDB at b', copy: undefined, verification, since: 0 };
};

describe('verifying a copy', () => {
  const source = sampleLog(40);
  const verify = async (copy: MemoryLog) => verifyCopy(source, copy, await source.head());

  it('finds a true copy the same: events, checksums, and the books of every month', async () => {
    const verified = await verify(alteredCopy(source, -1, (event) => event));
    const { ok, difference, monthEnds, target } = verified;
    expect({ ok, difference }).to.eql({ ok: true, difference: undefined });
    expect(target).to.include({ events: 42, entries: 40, unfoldable: undefined });
    expect(target.digest).to.equal(verified.source.digest);
    expect(monthEnds.map(({ day, currency }) => `${day} ${currency}`)).to.eql([
      '2026-01-31 KRW',
      '2026-01-31 USD',
      '2026-02-28 KRW',
      '2026-02-28 USD',
      '2026-03-31 KRW',
      '2026-03-31 USD',
    ]);
    const sum = (currency: string) =>
      Array.from({ length: 40 }, (_, number) => (number % 5 === 4 ? 'USD' : 'KRW'))
        .map((one, number) => (one === currency ? BigInt(100 + number) : 0n))
        .reduce((a, b) => a + b);
    const last = monthEnds
      .slice(-2)
      .map(({ source: { debits, credits } }) => ({ debits, credits }));
    expect(last).to.eql([
      { debits: sum('KRW'), credits: sum('KRW') },
      { debits: sum('USD'), credits: sum('USD') },
    ]);
    expect(monthEnds.at(-1)?.accounts).to.equal(8);
  });

  it('computes the checksum as it is documented', async () => {
    const whole = createHash('sha256');
    for (const event of source.recorded) {
      const { eventId, stream, revision, type, data, metadata, recordedAt } = event;
      const parts = [eventId, stream, `${revision}`, type, data, metadata, recordedAt];
      whole.update(createHash('sha256').update(JSON.stringify(parts), 'utf8').digest());
    }
    const verified = await verify(source);
    expect(verified.source.digest).to.equal(whole.digest('hex'));
  });

  for (const [what, alter] of [
    ['id', (event) => ({ ...event, eventId: '00000000-0000-4000-8000-ffffffffffff' })],
    ['stream', (event) => ({ ...event, stream: 'elsewhere' })],
    ['type', (event) => ({ ...event, type: 'EntryReposted' })],
    ['data', (event) => ({ ...event, data: `${event.data} ` })],
    ['metadata', (event) => ({ ...event, metadata: ` ${event.metadata}` })],
    ['recorded time', (event) => ({ ...event, recordedAt: event.recordedAt + 1 })],
  ] as const satisfies readonly (readonly [string, (event: RecordedEvent) => RecordedEvent])[]) {
    it(`finds another ${what}`, async () => {
      const { ok, difference, ...facts } = await verify(alteredCopy(source, 17, alter));
      expect(ok).to.equal(false);
      expect(difference).to.include({ event: 18 });
      expect(difference?.parts).to.include(what);
      expect(difference?.source).to.include({ position: source.recorded[17]?.position });
      expect(facts.source.digest).not.to.equal(facts.target.digest);
    });
  }

  it('finds a missing event, one too many, and two that changed places', async () => {
    const missing = await verify(alteredCopy(source, 41, () => undefined));
    expect(missing.difference).to.include({ event: 42, target: undefined });
    const more = alteredCopy(source, -1, (event) => event);
    const [first] = source.recorded;
    if (first === undefined) throw new Error('the sample is empty');
    more.append('more', first);
    expect((await verify(more)).difference).to.include({ event: 43, source: undefined });
    const swapped = new MemoryLog();
    const [one, two, ...rest] = source.recorded;
    if (one === undefined || two === undefined) throw new Error('the sample is too small');
    for (const event of [two, one, ...rest]) swapped.append(event.stream, event);
    const { ok, difference, monthEnds } = await verify(swapped);
    expect({ ok, event: difference?.event }).to.eql({ ok: false, event: 1 });
    // The books alone would not have told.
    expect(monthEnds.every(({ same }) => same)).to.equal(true);
  });

  it('names the account and the month end from which on the books differ', async () => {
    // A sum that went to another payee, in February.
    const at = source.recorded.findIndex(({ metadata }) => metadata.includes('2026-02'));
    const copy = alteredCopy(source, at, (event) => ({
      ...event,
      data: event.data.replace(/2010:m\d/, '2010:thief'),
    }));
    const verified = await verify(copy);
    expect(verified.monthEnds.map(({ day, same }) => `${day} ${same}`)).to.include.members([
      '2026-01-31 true',
      '2026-02-28 false',
      '2026-03-31 false',
    ]);
    const [, account] = whatIsWrong(verified);
    expect(account).to.match(/^Account 2010:(m\d|thief) differs first at 2026-02-28\.$/);
    const text = reportText(report(verified));
    expect(text).to.contain('The logs DIFFER.').and.to.contain('in target');
  });

  it('says which log has no books', async () => {
    const broken = alteredCopy(source, 20, (event) => ({ ...event, data: '{"entry":{}}' }));
    const { ok, target, source: facts } = await verify(broken);
    expect({ ok, source: facts.unfoldable }).to.eql({ ok: false, source: undefined });
    expect(target.unfoldable).to.contain(`position ${broken.recorded[20]?.position ?? ''}`);
  });

  it('reads the source only as far as it is told, and says what came since', async () => {
    const grown = alteredCopy(source, -1, (event) => event);
    const upTo = await grown.head();
    const [first] = source.recorded;
    if (first === undefined) throw new Error('the sample is empty');
    grown.append('later', first);
    expect((await verifyCopy(grown, source, upTo)).ok).to.equal(true);
    const verification = await verify(source);
    const text = reportText({ ...report(verification), since: 1234 });
    expect(text).to.contain('1,234 events came into the source');
  });

  it('prints what a finance person can read, and the same for programs', async () => {
    const verified = await verify(source);
    const copied = { before: 2, copied: 40, upTo: 1n };
    const text = reportText({ ...report(verified), copy: copied });
    expect(text).to.contain('40 events copied, 2 were there before.');
    expect(text).to.match(/^2026-03-31 {2}USD +8 +9\.\d\d +9\.\d\d {2}same$/m);
    expect(text).to.contain('Both logs hold the same.');
    const parsed: unknown = JSON.parse(reportJson({ ...report(verified), copy: copied }));
    expect(parsed).to.deep.include({ ok: true, copied: 40, before: 2, difference: null });
  });
});
