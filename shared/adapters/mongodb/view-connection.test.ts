import { expect } from 'chai';
import { describe, it } from 'mocha';
import { rejection } from '../../testing/event-samples.js';
import { connect, databaseOf } from './view-connection.js';

describe('the connection string of MongoDB', () => {
  it('names the database, or leaves it at sagae', () => {
    const named = [
      ['mongodb://h', 'sagae'],
      ['mongodb://h/', 'sagae'],
      ['mongodb://h/?replicaSet=rs0', 'sagae'],
      ['mongodb://h:1,g:2/books', 'books'],
      ['mongodb+srv://u:p%2Fx@h.example/the%20books?w=1', 'the books'],
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
});
