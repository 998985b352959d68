import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { formatDay } from '../ledger/day.js';
import type { RecordedEvent } from '../ports/event-store.js';
import { anyDay, anyEntry, anyInt64 } from '../testing/arbitraries.js';
import { decodeEvent, encodeData, encodeMetadata } from './codec.js';
import type { EventMetadata, LedgerEvent } from './event.js';
import { EventUndecodable } from './upcast.js';

const METADATA = {
  schemaVersion: 1,
  commandId: 'c-1',
  $correlationId: 'r-1',
  actor: 'anonymous',
  effectiveDate: '2026-03-02',
};
const LEGS = [
  { account: '1010', side: 'debit', amount: '5', currency: 'KRW' },
  { account: '2010', side: 'credit', amount: '5', currency: 'KRW' },
];
const ENTRY_POSTED = { id: 'e-1', description: 'Sale', entry: { legs: LEGS } };

describe('codec', () => {
  it('reads what it writes: entries with any legs, texts and labels', () => {
    const labels = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      fc.string({ unit: 'binary' }),
    );
    const data = fc.record(
      {
        id: fc.string({ unit: 'binary' }),
        description: fc.string({ unit: 'binary' }),
        entry: anyEntry,
        reverses: fc.string({ unit: 'binary' }),
        metadata: labels,
      },
      { requiredKeys: ['id', 'description', 'entry'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(data, (each) => {
        roundTrip({ type: 'EntryPosted', data: each });
      }),
    );
  });

  it('reads what it writes: amounts and revisions of any int64', () => {
    fc.assert(
      fc.property(anyInt64, (integer) => {
        const claim = { id: 'e-1', stream: 'account-2110', afterRevision: integer };
        roundTrip({ type: 'EntryClaimed', data: claim });
      }),
    );
  });

  it('reads what it writes: metadata', () => {
    const text = fc.string({ unit: 'binary' });
    const metadata: fc.Arbitrary<EventMetadata> = fc.record(
      {
        schemaVersion: fc.constant(1),
        commandId: text,
        correlationId: text,
        causationId: text,
        actor: text,
        occurredAt: fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
        effectiveDate: anyDay,
        traceparent: text,
        fingerprint: text,
      },
      {
        requiredKeys: [
          ...(['schemaVersion', 'commandId', 'correlationId'] as const),
          ...(['causationId', 'actor', 'effectiveDate'] as const),
        ],
        noNullPrototype: true,
      },
    );
    fc.assert(
      fc.property(metadata, (each) => {
        const decoded = decodeEvent(stored(ENTRY_POSTED, JSON.parse(encodeMetadata(each))));
        expect(decoded.metadata).to.deep.equal(each);
      }),
    );
  });

  it('writes no instant that it could not read', () => {
    const base = { ...METADATA, correlationId: 'r-1', causationId: 'c-1' };
    const effectiveDate = formatDay(0);
    for (const occurredAt of [-62_167_219_200_001, 253_402_300_800_000]) {
      expect(() => encodeMetadata({ ...base, effectiveDate, occurredAt })).to.throw('has no date');
    }
    expect(() => encodeMetadata({ ...base, effectiveDate, occurredAt: NaN })).to.throw(RangeError);
  });

  it('takes the command for the cause where none is named', () => {
    expect(decodeEvent(stored(ENTRY_POSTED)).metadata.causationId).to.equal('c-1');
  });
});

describe('undecodable events', () => {
  const cases: readonly (readonly [string, RecordedEvent, RegExp])[] = [
    ['an unknown type', { ...stored(ENTRY_POSTED), type: 'EntryBurnt' }, /unknown type EntryBurnt/],
    ['a type every object has', { ...stored(ENTRY_POSTED), type: 'toString' }, /unknown type/],
    [
      'a version from the future',
      stored(ENTRY_POSTED, { ...METADATA, schemaVersion: 2 }),
      /version 2 of EntryPosted is unknown; this program knows up to 1/,
    ],
    ['version 0', stored(ENTRY_POSTED, { ...METADATA, schemaVersion: 0 }), /schemaVersion/],
    ['version 1.5', stored(ENTRY_POSTED, { ...METADATA, schemaVersion: 1.5 }), /schemaVersion/],
    ['version "1"', stored(ENTRY_POSTED, { ...METADATA, schemaVersion: '1' }), /schemaVersion/],
    ['data that are no JSON', { ...stored(ENTRY_POSTED), data: '{"id":' }, /not JSON/],
    ['metadata that are no JSON', { ...stored(ENTRY_POSTED), metadata: '' }, /not JSON/],
    ['data that are null', stored(null), /data|expected object/i],
    ['a missing field', stored({ ...ENTRY_POSTED, description: undefined }), /description/],
    ['an unknown field', stored({ ...ENTRY_POSTED, colour: 'red' }), /colour/],
    ['an unknown field of the metadata', stored(ENTRY_POSTED, { ...METADATA, x: 1 }), /"x"/],
    [
      'a day there is not',
      stored(ENTRY_POSTED, { ...METADATA, effectiveDate: '2023-02-29' }),
      /eff/,
    ],
    ['no entry', stored({ ...ENTRY_POSTED, entry: undefined }), /entry/],
    ['one leg', stored(posted([LEGS[0]])), /TOO_FEW_LEGS/],
    ['an unbalanced entry', stored(posted([LEGS[0], { ...LEGS[1], amount: '6' }])), /UNBALANCED/],
    ['an amount of 0', stored(posted(LEGS.map((leg) => ({ ...leg, amount: '0' })))), /ZERO_AMOUNT/],
    ['a numeric amount', stored(posted(LEGS.map((leg) => ({ ...leg, amount: 5 })))), /amount/],
    [
      'an amount of "5.0"',
      stored(posted(LEGS.map((leg) => ({ ...leg, amount: '5.0' })))),
      /amount/,
    ],
    ['a third side', stored(posted([LEGS[0], { ...LEGS[1], side: 'both' }])), /side/],
    ['a leg with a note', stored(posted([LEGS[0], { ...LEGS[1], note: 'x' }])), /note/],
  ];
  for (const [what, recorded, reason] of cases) {
    it(`with ${what} are refused, naming the position`, () => {
      expect(() => decodeEvent(recorded))
        .to.throw(EventUndecodable, reason)
        .with.property('position', 7n);
    });
  }
});

describe('labels called __proto__', () => {
  it('reach no prototype', () => {
    const text = '{"id":"e-1","description":"Sale","entry":ENTRY,"metadata":LABELS}'
      .replace('ENTRY', JSON.stringify(ENTRY_POSTED.entry))
      .replace('LABELS', '{"__proto__":"x","constructor":"y","a":"b"}');
    const { event } = decodeEvent({ ...stored(ENTRY_POSTED), data: text });
    const labels = event.type === 'EntryPosted' ? event.data.metadata : undefined;
    expect(labels).to.include({ constructor: 'y', a: 'b' });
    expect(Object.getPrototypeOf(labels)).to.equal(Object.prototype);
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
  });

  it('of the data themselves are an unknown field', () => {
    const text = JSON.stringify(ENTRY_POSTED).replace('{', '{"__proto__":{"polluted":"yes"},');
    expect(() => decodeEvent({ ...stored(ENTRY_POSTED), data: text })).to.throw(EventUndecodable);
    expect({}).to.not.have.property('polluted');
  });
});

function posted(legs: readonly unknown[]): object {
  return { ...ENTRY_POSTED, entry: { legs } };
}

function stored(data: unknown, metadata: unknown = METADATA): RecordedEvent {
  return {
    eventId: '0197a1f0-6f4e-7c31-9a53-000000000000',
    type: 'EntryPosted',
    data: JSON.stringify(data),
    metadata: JSON.stringify(metadata),
    stream: 'entry-e-1',
    revision: 0n,
    position: 7n,
    recordedAt: 0,
  };
}

function roundTrip(event: LedgerEvent): void {
  const text = encodeData(event);
  const decoded = decodeEvent({ ...stored(null), type: event.type, data: text });
  expect(decoded.event).to.deep.equal(event);
  expect(encodeData(decoded.event)).to.equal(text);
}
