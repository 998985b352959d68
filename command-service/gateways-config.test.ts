import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ConfigRefused } from '../shared/setting.js';
import { readGatewaysConfig, type GatewaysConfig } from './gateways-config.js';

const KEY = 'test_sk_zXLkKEypNArWmo50nX3lmeaxYG5R';

describe('settings of the gateways', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sagae-gateways-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function fileWith(content: unknown): string {
    const path = join(folder, 'gateways.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function read(
    content: unknown,
    environment: Readonly<Record<string, string>> = {},
  ): GatewaysConfig {
    return readGatewaysConfig({ ...environment, SAGAE_GATEWAYS_FILE: fileWith(content) });
  }

  /** What is said when these are refused. */
  function refusal(content: unknown, environment: Readonly<Record<string, string>> = {}): string {
    return refused(() => read(content, environment));
  }

  function refused(reading: () => unknown): string {
    try {
      reading();
    } catch (error) {
      if (error instanceof ConfigRefused) return error.message;
      throw error;
    }
    return 'not refused';
  }

  it('without any: one simulator in this process', () => {
    const config = readGatewaysConfig({ SAGAE_GATEWAYS_FILE: '', SAGAE_GATEWAY_TIMEOUT_MS: '' });
    expect(config.gateways).to.deep.equal([
      { name: 'simulator', kind: 'simulator', timeoutMs: 3_000, settlesAfterMs: 5_000 },
    ]);
    expect(config).to.deep.include({ routes: [], default: 'simulator' });
  });

  it('set the times of the simulators, and of nothing else', () => {
    const times = { SAGAE_GATEWAY_TIMEOUT_MS: '200', SAGAE_GATEWAY_SETTLES_AFTER_MS: '0' };
    expect(readGatewaysConfig(times).gateways[0]).to.include({
      timeoutMs: 200,
      settlesAfterMs: 0,
    });
    const { gateways } = read(
      {
        default: 'a',
        gateways: [
          { name: 'a', kind: 'simulator' },
          { name: 'b', kind: 'simulator-http', url: 'http://127.0.0.1:9000', timeoutMs: 700 },
          { name: 'c', kind: 'toss', secretKeyEnv: 'TOSS_KEY' },
        ],
      },
      { ...times, TOSS_KEY: KEY },
    );
    expect(gateways[0]).to.include({ timeoutMs: 200, settlesAfterMs: 0 });
    expect(gateways[1]).to.include({ timeoutMs: 700, settlesAfterMs: 0 });
    expect(gateways[2]).to.include({ timeoutMs: 30_000, settlesAfterMs: 70_000 });
  });

  it('read gateways, routes and the default from a file', () => {
    writeFileSync(join(folder, 'toss.key'), `${KEY}\n`);
    const config = read({
      default: 'sim',
      gateways: [
        { name: 'sim', kind: 'simulator' },
        {
          name: 'toss',
          kind: 'toss',
          secretKeyFile: 'toss.key',
          timeoutMs: 60_000,
          settlesAfterMs: 90_000,
        },
      ],
      routes: [{ sellerId: 's-1', currency: 'KRW', tokenPrefix: 'tviva', gateway: 'toss' }],
    });
    expect(config.default).to.equal('sim');
    expect(config.routes).to.deep.equal([
      { sellerId: 's-1', currency: 'KRW', tokenPrefix: 'tviva', gateway: 'toss' },
    ]);
    const toss = config.gateways[1];
    expect(toss).to.include({ url: 'https://api.tosspayments.com', timeoutMs: 60_000 });
    expect(toss?.kind === 'toss' ? toss.secretKey() : '').to.equal(KEY);
    expect(JSON.stringify(config)).not.to.include(KEY);
  });

  it('may have no default where there are routes', () => {
    const routes = [{ currency: 'KRW', gateway: 'a' }];
    const config = read({ gateways: [{ name: 'a', kind: 'simulator' }], routes });
    expect(config.default).to.equal(undefined);
  });

  const sim = { name: 'a', kind: 'simulator' };
  const toss = { name: 't', kind: 'toss', secretKeyEnv: 'TOSS_KEY' };
  const wrong: readonly [what: string, content: unknown, said: RegExp][] = [
    ['text that is not JSON', '{', /: .* is not JSON$/],
    ['no gateway', { default: 'a', gateways: [] }, /: gateways: /],
    ['an unknown field', { default: 'a', gateways: [sim], more: 1 }, /more/],
    ['an unknown kind', { default: 'a', gateways: [{ name: 'a', kind: 'x' }] }, /gateways\[0\]\.k/],
    ['a colon in a name', { default: 'a:b', gateways: [{ ...sim, name: 'a:b' }] }, /: default: /],
    [
      'a name of 33 characters',
      { default: 'a', gateways: [sim, { ...sim, name: 'x'.repeat(33) }] },
      /gateways\[1\]\.name: /,
    ],
    ['a name twice', { default: 'a', gateways: [sim, sim] }, /gateways\[1\]\.name: is there twice/],
    ['a default that is not there', { default: 'b', gateways: [sim] }, /: default: is none/],
    ['neither default nor routes', { gateways: [sim] }, /: default: is missing/],
    [
      'a route to nowhere',
      { default: 'a', gateways: [sim], routes: [{ currency: 'KRW', gateway: 'b' }] },
      /routes\[0\]\.gateway: is none/,
    ],
    [
      'a route that fits everything',
      { default: 'a', gateways: [sim], routes: [{ gateway: 'a' }] },
      /routes\[0\]: fits everything/,
    ],
    [
      'a currency that is none',
      { default: 'a', gateways: [sim], routes: [{ currency: 'WON', gateway: 'a' }] },
      /routes\[0\]\.currency: /,
    ],
    [
      'a URL with a password',
      {
        default: 'a',
        gateways: [{ ...sim, kind: 'simulator-http', url: 'http://u:p@localhost' }],
      },
      /gateways\[0\]\.url: is not a URL/,
    ],
    [
      'a secret sent in the clear',
      { default: 't', gateways: [{ ...toss, url: 'http://example.com' }] },
      /gateways\[0\]\.url: has to begin with https/,
    ],
    [
      'no key',
      { default: 't', gateways: [{ name: 't', kind: 'toss' }] },
      /gateways\[0\]\.secretKeyFile: either/,
    ],
    [
      'a key that is not set',
      { default: 't', gateways: [{ ...toss, secretKeyEnv: 'OTHER' }] },
      /gateways\[0\]\.secretKeyEnv: names no/,
    ],
    [
      'a key file that is not there',
      { default: 't', gateways: [{ name: 't', kind: 'toss', secretKeyFile: 'gone' }] },
      /gateways\[0\]\.secretKeyFile: names no file/,
    ],
    [
      'a Toss that settles before it times out',
      { default: 't', gateways: [{ ...toss, settlesAfterMs: 10_000 }] },
      /gateways\[0\]\.settlesAfterMs: is below timeoutMs/,
    ],
    [
      'a time-out of a fraction',
      { default: 'a', gateways: [{ ...sim, timeoutMs: 1.5 }] },
      /gateways\[0\]\.timeoutMs: /,
    ],
  ];
  for (const [what, content, said] of wrong) {
    it(`refuse ${what}, and name the variable and the place`, () => {
      const message = refusal(content, { TOSS_KEY: KEY });
      expect(message).to.match(/^SAGAE_GATEWAYS_FILE: /);
      expect(message).to.match(said);
    });
  }

  it('refuse a file that cannot be read', () => {
    const reading = (): unknown => readGatewaysConfig({ SAGAE_GATEWAYS_FILE: '/nowhere/g.json' });
    expect(refused(reading)).to.equal('SAGAE_GATEWAYS_FILE: /nowhere/g.json cannot be read');
  });

  it('never repeat a secret, wherever it was put by mistake', () => {
    const misplaced = [
      { ...toss, secretKeyEnv: KEY },
      { name: 't', kind: 'toss', secretKeyFile: KEY },
      { name: 't', kind: 'toss', secretKey: KEY },
      { ...toss, url: `https://${KEY}:@api.tosspayments.com` },
      { ...toss, secretKeyEnv: [KEY] },
    ];
    for (const gateway of misplaced) {
      const message = refusal({ default: 't', gateways: [gateway] }, { TOSS_KEY: KEY });
      expect(message).to.match(/^SAGAE_GATEWAYS_FILE: /);
      expect(message).not.to.include(KEY);
    }
    const withColon = refusal({ default: 't', gateways: [toss] }, { TOSS_KEY: `${KEY}:` });
    expect(withColon).to.match(/holds no secret key/);
    expect(withColon).not.to.include(KEY);
    expect(refusal(`{"secretKey": ${KEY}}`)).not.to.include(KEY);
  });

  it('refuse times that are none', () => {
    for (const [variable, text] of [
      ['SAGAE_GATEWAY_TIMEOUT_MS', '0'],
      ['SAGAE_GATEWAY_TIMEOUT_MS', '3s'],
      ['SAGAE_GATEWAY_SETTLES_AFTER_MS', '-1'],
    ] as const) {
      const message = refused(() => readGatewaysConfig({ [variable]: text }));
      expect(message).to.match(new RegExp(`^${variable}: `));
    }
  });

  it('say which merchants want a conflict for a repeated key', () => {
    const conflicts = (text?: string): boolean[] => {
      const config = readGatewaysConfig({ SAGAE_DUPLICATE_CONFLICT: text });
      return ['shop-a', 'shop-b'].map((merchant) => config.conflictsOnRepeat(merchant));
    };
    expect(conflicts()).to.deep.equal([false, false]);
    expect(conflicts('')).to.deep.equal([false, false]);
    expect(conflicts('shop-a, other')).to.deep.equal([true, false]);
    expect(conflicts('*')).to.deep.equal([true, true]);
    expect(
      refused(() => readGatewaysConfig({ SAGAE_DUPLICATE_CONFLICT: 'shop-a,shop b' })),
    ).to.match(/^SAGAE_DUPLICATE_CONFLICT: entry 2 /);
  });
});
