import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { WrongUse } from '../cli/faults.js';
import { describePlace, isSamePlace, readPlace, type LogPlace, type PlaceKind } from './places.js';

describe('where a log is', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-places-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (
    kind: PlaceKind,
    said: Readonly<{ folder?: string; url?: string }> = {},
    environment: Readonly<Record<string, string>> = {},
  ): LogPlace => {
    return readPlace({ side: 'to', kind, folder: said.folder, url: said.url }, environment);
  };
  const SECRET = 'esdb://me:secret@one:2113';

  it('is said by options, else by the environment', () => {
    expect(read('sqlite', { folder: 'x' }, { SAGAE_DATA: 'y' })).to.include({
      folder: resolve('x'),
    });
    expect(read('sqlite', {}, { SAGAE_DATA: 'y' })).to.include({ folder: resolve('y') });
    expect(read('sqlite')).to.include({ folder: resolve('./data') });
    const url = 'esdb://two:2113';
    expect(read('eventstoredb', { url }, { ESDB_URL: SECRET })).to.include({ url });
    expect(read('eventstoredb', {}, { ESDB_URL: SECRET })).to.include({ url: SECRET });
    const file = join(folder, 'url');
    writeFileSync(file, `${SECRET}\n`);
    expect(read('eventstoredb', {}, { ESDB_URL_FILE: file, ESDB_URL: '' })).to.include({
      url: SECRET,
    });
    expect(read('eventstoredb', { url: `@${file}` })).to.include({ url: SECRET });
  });

  for (const [what, kind, said, reason] of [
    ['a password on the command line', 'eventstoredb', { url: SECRET }, '@FILE'],
    ['no URL at all', 'eventstoredb', {}, 'set ESDB_URL'],
    ['what is no URL', 'eventstoredb', { url: 'one:2113' }, 'not a URL of EventStoreDB'],
    ['a file that is not there', 'eventstoredb', { url: '@/none' }, '/none cannot be read'],
    ['a folder for a server', 'eventstoredb', { folder: 'x' }, '--to-data'],
    ['a URL for a folder', 'sqlite', { url: 'esdb://one:2113' }, '--to-url'],
  ] as const) {
    it(`refuses ${what}, and repeats no password`, () => {
      expect(() => read(kind, said))
        .to.throw(WrongUse, reason)
        .and.not.match(/secret/);
    });
  }

  it('has a name without a password', () => {
    expect(describePlace(read('eventstoredb', {}, { ESDB_URL: SECRET }))).to.equal(
      'EventStoreDB at one:2113',
    );
  });

  it('is the same under another name', () => {
    const data = join(folder, 'data');
    const link = join(folder, 'link');
    mkdirSync(data);
    symlinkSync(data, link);
    const at = (name: string) => read('sqlite', { folder: join(folder, name) });
    const server = (url: string) => read('eventstoredb', {}, { ESDB_URL: url });
    const log = join(data, 'events.db');
    expect(isSamePlace(at('data'), at('link'))).to.equal(true);
    writeFileSync(log, '');
    expect(isSamePlace(at('data'), at('link'))).to.equal(true);
    expect(isSamePlace(at('data'), at('other'))).to.equal(false);
    expect(isSamePlace(server(SECRET), server('esdb://ONE:2113?tls=true'))).to.equal(true);
    expect(isSamePlace(server(SECRET), server('esdb://one:2114'))).to.equal(false);
    expect(isSamePlace(server(SECRET), at('data'))).to.equal(false);
  });
});
