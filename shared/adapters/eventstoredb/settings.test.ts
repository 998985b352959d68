import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readConnectionString } from './settings.js';

describe('connection strings of EventStoreDB', () => {
  it('name one node, several, or where to look for them', () => {
    const single = readConnectionString('esdb://10.0.0.1:2114?tls=false');
    expect(single.nodes).to.eql({
      kind: 'single',
      endpoint: { address: '10.0.0.1', port: 2114 },
    });
    expect(single.channel).to.eql({ insecure: true });
    const several = readConnectionString('esdb://a:1,b:2?keepAliveInterval=20000');
    expect(several.nodes).to.eql({
      kind: 'gossip',
      endpoints: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2 },
      ],
    });
    expect(several.client).to.eql({ keepAliveInterval: 20_000 });
    expect(several.channel).to.eql({ insecure: false });
    const found = readConnectionString('esdb+discover://cluster.local?maxDiscoverAttempts=3');
    expect(found.nodes).to.eql({
      kind: 'dns',
      discover: { address: 'cluster.local', port: 2113 },
    });
    expect(found.discovery).to.eql({ maxDiscoverAttempts: 3 });
  });

  it('carry a user, who is shown nowhere', () => {
    const settings = readConnectionString('esdb://me:s%40cret@a:1');
    expect(settings.user).to.eql({ username: 'me', password: 's@cret' });
    expect(settings.server).to.equal('a:1');
  });

  it('are refused where the user would be dropped without a word, or make no sense', () => {
    expect(() => readConnectionString('esdb://me:secret@a:1?tls=false')).to.throw(TypeError, 'TLS');
    expect(() => readConnectionString('esdb://me:secret@a:1?tlsCAFile=/no/such/file'))
      .to.throw(TypeError, '/no/such/file')
      .with.property('message')
      .that.does.not.contain('secret');
    for (const url of ['', 'http://me:secret@a:1', 'esdb://', 'esdb://a:x']) {
      expect(() => readConnectionString(url))
        .to.throw(TypeError)
        .with.property('message')
        .that.does.not.contain('secret');
    }
  });
});
