import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { environmentOf, readConfig } from './config.js';
import { ConfigRefused } from './setting.js';

const DIGEST = createHash('sha256').update('secret').digest('hex');

/** The variable that is named when these are refused. */
function refused(environment: Readonly<Record<string, string>>): string {
  try {
    readConfig(environment, 8080);
  } catch (error) {
    if (error instanceof ConfigRefused) return error.message;
    throw error;
  }
  return 'not refused';
}

describe('settings', () => {
  it('have defaults', () => {
    const config = readConfig({ PORT: '' }, 8081);
    expect(config).to.include({ host: '127.0.0.1', port: 8081, timeZone: 'Asia/Seoul' });
    expect(config.dataFolder).to.equal(join(process.cwd(), 'data'));
    expect(config.apiKeys).to.deep.equal([]);
  });

  const wrong: readonly [variable: string, value: string][] = [
    ['PORT', '80a'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['HOST', 'a b'],
    ['SAGAE_STORE', 'postgres'],
    ['KAFKA_BROKERS', 'one'],
    ['KAFKA_BROKERS', 'one:9092,'],
    ['KAFKA_BROKERS', 'one:65536'],
    ['SAGAE_TIME_ZONE', 'Mars/Olympus'],
    ['LOG_LEVEL', 'loud'],
    ['SAGAE_API_KEYS', 'shop:secret'],
    ['SAGAE_API_KEYS', `a:${DIGEST},a:${DIGEST}`],
    ['SAGAE_API_KEYS_FILE', '/nowhere/keys'],
  ];
  for (const [variable, value] of wrong) {
    it(`refuse ${variable}=${value} and name it`, () => {
      expect(refused({ [variable]: value })).to.match(new RegExp(`^${variable}: `));
    });
  }

  it('do not repeat what may be a secret', () => {
    expect(refused({ SAGAE_API_KEYS: 'shop:my-password' })).not.to.include('my-password');
  });

  it('allow no key on loopback addresses only', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
      expect(readConfig({ HOST: host }, 1).host).to.equal(host);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.example.com']) {
      expect(refused({ HOST: host })).to.match(/^HOST: .*SAGAE_API_KEYS/);
      const keyed = readConfig({ HOST: host, SAGAE_API_KEYS: `shop:${DIGEST}` }, 1);
      expect(keyed.apiKeys[0]?.name).to.equal('shop');
    }
  });

  it('read keys from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sagae-keys-'));
    const file = join(folder, 'keys');
    writeFileSync(file, `shop:${DIGEST}\nbank:${DIGEST}\n`);
    const { apiKeys } = readConfig({ SAGAE_API_KEYS_FILE: file }, 1);
    expect(apiKeys.map(({ name }) => name)).to.deep.equal(['shop', 'bank']);
    writeFileSync(file, '\n');
    expect(refused({ SAGAE_API_KEYS_FILE: file })).to.match(/^SAGAE_API_KEYS_FILE: /);
    rmSync(folder, { recursive: true });
  });

  it('travel to a thread as an environment', () => {
    const config = readConfig({ PORT: '1', SAGAE_API_KEYS: `shop:${DIGEST}`, HOST: '::' }, 2);
    expect(readConfig(environmentOf(config), 3)).to.deep.equal(config);
    const inProduction = readConfig({ ...PRODUCTION, ...KAFKA }, 2);
    expect(readConfig(environmentOf(inProduction), 3)).to.deep.equal(inProduction);
  });
});

const PRODUCTION = {
  SAGAE_STORE: 'eventstoredb',
  ESDB_URL: 'esdb://admin:changeit@log:2113',
  MONGODB_URL: 'mongodb://sagae:changeit@views:27017/sagae',
};
const KAFKA = {
  KAFKA_BROKERS: 'a:9092, [::1]:9093',
  KAFKA_TLS: 'true',
  KAFKA_SASL_MECHANISM: 'scram-sha-512',
  KAFKA_USERNAME: 'sagae',
  KAFKA_PASSWORD: 'changeit',
};

describe('settings of the production stores', () => {
  it('are where log and views are', () => {
    expect(readConfig({}, 1)).to.deep.include({ store: { kind: 'sqlite' }, kafka: undefined });
    expect(readConfig({ ...PRODUCTION, ...KAFKA }, 1)).to.deep.include({
      store: {
        kind: 'eventstoredb',
        esdbUrl: PRODUCTION.ESDB_URL,
        mongodbUrl: PRODUCTION.MONGODB_URL,
      },
      kafka: {
        brokers: ['a:9092', '[::1]:9093'],
        tls: true,
        sasl: { mechanism: 'scram-sha-512', username: 'sagae', password: 'changeit' },
      },
    });
  });

  const wrong: readonly [variable: string, value: string][] = [
    ['ESDB_URL', ''],
    ['ESDB_URL', 'http://admin:changeit@log:2113'],
    ['MONGODB_URL', ''],
    ['MONGODB_URL', 'sagae:changeit@views'],
    ['ESDB_URL_FILE', '/nowhere/url'],
    ['KAFKA_TLS', 'yes'],
    ['KAFKA_SASL_MECHANISM', 'gssapi'],
    ['KAFKA_USERNAME', ''],
    ['KAFKA_PASSWORD', ''],
  ];
  for (const [variable, value] of wrong) {
    it(`refuse ${variable}="${value}" and name it, but no password`, () => {
      const message = refused({ ...PRODUCTION, ...KAFKA, [variable]: value });
      expect(message).to.match(new RegExp(`^${variable}: `));
      expect(message).not.to.include('changeit');
    });
  }

  it('read secrets from files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sagae-url-'));
    const file = join(folder, 'url');
    writeFileSync(file, `${PRODUCTION.MONGODB_URL}\n`);
    const config = readConfig({ ...PRODUCTION, MONGODB_URL: '', MONGODB_URL_FILE: file }, 1);
    expect(config.store).to.include({ mongodbUrl: PRODUCTION.MONGODB_URL });
    rmSync(folder, { recursive: true });
  });
});
