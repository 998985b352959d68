import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { RecordedEvent } from '../ports/event-store.js';
import { EventUndecodable, upcast } from './upcast.js';

const RECORDED: RecordedEvent = {
  eventId: '0197a1f0-6f4e-7c31-9a53-000000000000',
  type: 'Moved',
  data: '{}',
  metadata: '{}',
  stream: 'entry-1',
  revision: 0n,
  position: 7n,
  recordedAt: 0,
};

type Step = (event: Readonly<{ type: string; data: unknown }>) => { type: string; data: unknown };

const append =
  (word: string, type?: string): Step =>
  (event) => ({ type: type ?? event.type, data: `${String(event.data)} ${word}` });

describe('upcasters', () => {
  const current = { Moved: 3, Shifted: 3 };
  const steps = new Map<string, Step>([
    ['Moved@1', append('first')],
    ['Moved@2', append('second')],
  ]);

  it('bring data of the oldest version to the current one, step by step', () => {
    expect(upcast(RECORDED, 1, 'data', current, steps)).to.deep.equal({
      type: 'Moved',
      data: 'data first second',
    });
  });

  it('take data of a version in between on from there', () => {
    expect(upcast(RECORDED, 2, 'data', current, steps).data).to.equal('data second');
  });

  it('leave data of the current version alone', () => {
    const data = { untouched: true };
    expect(upcast(RECORDED, 3, data, current, steps).data).to.equal(data);
  });

  it('may rename the type, whose own steps then follow', () => {
    const renaming = new Map<string, Step>([
      ['Moved@1', append('renamed', 'Shifted')],
      ['Shifted@2', append('shifted')],
    ]);
    expect(upcast(RECORDED, 1, 'data', current, renaming)).to.deep.equal({
      type: 'Shifted',
      data: 'data renamed shifted',
    });
  });

  it('refuse a version from the future', () => {
    refused(() => upcast(RECORDED, 4, 'data', current, steps), /version 4 .* knows up to 3/);
  });

  it('refuse a version below the first, and a step that is missing', () => {
    refused(() => upcast(RECORDED, 0, 'data', current, steps), /version 0 of Moved is unknown/);
    refused(() => upcast(RECORDED, 1, 'data', current, new Map()), /version 1 of Moved/);
  });

  it('refuse a type that is unknown, before and after a step', () => {
    refused(() => upcast({ ...RECORDED, type: 'Lost' }, 1, 'data', current, steps), /type Lost/);
    const losing = new Map<string, Step>([['Moved@1', append('lost', 'Lost')]]);
    refused(() => upcast(RECORDED, 1, 'data', current, losing), /unknown type Lost/);
  });
});

function refused(act: () => unknown, reason: RegExp): void {
  expect(act).to.throw(EventUndecodable, reason).with.property('position', 7n);
}
