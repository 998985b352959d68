import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection } from '../../testing/event-samples.js';
import { connect, databaseOf, unconnected } from './view-connection.js';

describe('the connection string of MongoDB', () => {
  it('names the database, or leaves it at sagae', () => {
    const named = [
      ['mongodb://h', 'sagae'],
      ['mongodb://h/', 'sagae'],
      ['mongodb://h/?replicaSet=rs0', 'sagae'],
      ['mongodb://h:1,g:2/books', 'books'],
      ['mongodb+srv://u:p%2Fx@h.example/the%2Dbooks?w=1', 'the-books'],
    ] as const;
    for (const [url, database] of named) expect(databaseOf(url)).to.equal(database);
  });

  it('is refused without a word of what is in it', async () => {
    for (const url of [
      'http://u:s3cret@h',
      'mongodb://u:s3cret@h:99999999/',
      'mongodb://u:s3%zz@h',
    ]) {
      const error = await rejection(connect({ url, database: 'd' }));
      expect(error).to.be.instanceOf(TypeError);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.to.contain('s3');
    }
  });

  it('is refused with a path that cannot be decoded, like any other', () => {
    expect(() => databaseOf('mongodb://u:s3cret@h/%zz')).to.throw(
      TypeError,
      /^the [A-Za-z ]+ used$/,
    );
  });

  it('is refused with a database that no server makes, before there is a client', async () => {
    const names = [
      '',
      'a.b',
      '$x',
      'a/b',
      'a\\b',
      'a b',
      'a"b',
      'a\0b',
      'x'.repeat(64),
      '가'.repeat(22),
    ];
    for (const database of names) {
      const error = await rejection(connect({ url: 'none://u:s3cret@h', database }));
      expect(error).to.be.instanceOf(TypeError);
      expect(error).to.have.property('message', 'the MongoDB database cannot have that name');
    }
    for (const database of ['x'.repeat(63), '가'.repeat(21), 'sagae-test_1']) {
      expect(() => unconnected({ url: 'mongodb://h', database })).not.to.throw();
    }
  });

  it('has no say in how values are read', () => {
    const hostile = {
      promoteValues: 'false',
      promoteLongs: 'false',
      promoteBuffers: 'false',
      useBigInt64: 'false',
      raw: 'true',
      bsonRegExp: 'true',
      ignoreUndefined: 'true',
      serializeFunctions: 'true',
      enableUtf8Validation: 'false',
      forceServerObjectId: 'true',
      socketTimeoutMS: '0',
    };
    const plain = unconnected({ url: 'mongodb://h', database: 'd' });
    for (const [name, value] of Object.entries(hostile)) {
      const url = `mongodb://h/?${name}=${value}`;
      const { client } = unconnected({ url, database: 'd' });
      const { [name]: set }: Readonly<Record<string, unknown>> = { ...client.options };
      const { [name]: usual }: Readonly<Record<string, unknown>> = { ...plain.client.options };
      expect(usual, name).not.to.equal(undefined);
      expect(set, name).to.equal(usual);
    }
  });

  it('has no say in what is written, and read, by a majority of the primary', () => {
    const said = 'w=0&journal=false&readConcernLevel=local&readPreference=secondary';
    const { collections } = unconnected({ url: `mongodb://h/?${said}`, database: 'd' });
    const { state } = collections;
    for (const one of [state, collections.rows('r'), collections.old('o')]) {
      expect(one.writeConcern).to.deep.include({ w: 'majority', journal: true });
      expect(one.readConcern).to.deep.include({ level: 'majority' });
      expect(one.readPreference).to.deep.include({ mode: 'primary' });
    }
    for (const one of Object.values(collections.latest('r'))) {
      expect(one.writeConcern).to.deep.include({ w: 'majority', journal: true });
      expect(one.readPreference).to.deep.include({ mode: 'primary' });
    }
  });
});
