import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { readGatewaysConfig } from '../command-service/gateways-config.js';
import { readInquirySchedule } from '../command-service/inquiry-schedule.js';
import { readConfig, type Config } from '../shared/config.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIST = fileURLToPath(new URL('../', import.meta.url));
const SERVICES = ['command', 'projection', 'query'];
const SERVERS = ['eventstoredb', 'mongodb', 'kafka'];

/** What stands in a file of nested settings, by its path, like `services.query.ports.0`. */
type Settings = ReadonlyMap<string, string>;

const file: unknown = parse(readFileSync(`${ROOT}docker-compose.yml`, 'utf8'), { merge: true });
const compose: Settings = new Map(leaves(file, ''));
const dockerfile = readFileSync(`${ROOT}Dockerfile`, 'utf8');

function* leaves(value: unknown, path: string): Generator<[path: string, value: string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value !== 'object' || value === null) yield [path, JSON.stringify(value)];
  else {
    for (const [key, inner] of Object.entries(value)) {
      yield* leaves(inner, path === '' ? key : `${path}.${key}`);
    }
  }
}

/** The settings below a path, their paths shortened by it. */
function below(settings: Settings, path: string): Settings {
  const found = [...settings].filter(([key]) => key.startsWith(`${path}.`));
  return new Map(found.map(([key, value]) => [key.slice(path.length + 1), value]));
}

/** What a service of ours is started with. */
function environmentOf(service: string): Record<string, string> {
  const given = below(compose, `services.${service}.environment`);
  return Object.fromEntries([...given].map(([name, value]) => [name, defaultOf(value)]));
}

/** `${NAME:-value}` stands for the value, unless whoever starts it says otherwise. */
function defaultOf(value: string): string {
  return value.replace(/^\$\{\w+:-(.*)\}$/, '$1');
}

/** Reads all settings, and notes which were asked for. No keys are there: the file is elsewhere. */
function read(
  environment: Record<string, string>,
): Readonly<{ config: Config; asked: Set<string> }> {
  const asked = new Set<string>();
  const given = { ...environment, SAGAE_API_KEYS_FILE: '', SAGAE_API_KEYS: `x:${'0'.repeat(64)}` };
  const noting: Record<string, string> = new Proxy(given, {
    get: (target, name) => {
      asked.add(String(name));
      return Reflect.get(target, name) as unknown;
    },
  });
  const config = readConfig(noting, 1);
  readGatewaysConfig(noting);
  readInquirySchedule(noting);
  return { config, asked };
}

function valuesOf(settings: Settings): readonly string[] {
  return [...settings.values()];
}

describe('docker-compose.yml', () => {
  it('starts our three services and the three servers', () => {
    const names = new Set([...below(compose, 'services').keys()].map((key) => key.split('.')[0]));
    expect([...names]).to.have.members([...SERVICES, ...SERVERS]);
  });

  for (const service of SERVICES) {
    describe(service, () => {
      it('sets nothing that is not read, and nothing wrong', () => {
        const environment = environmentOf(service);
        const { config, asked } = read(environment);
        expect([...asked]).to.include.members(Object.keys(environment));
        expect(config.store).to.deep.equal({
          kind: 'eventstoredb',
          esdbUrl: 'esdb://eventstoredb:2113?tls=false',
          mongodbUrl: 'mongodb://mongodb:27017/sagae?replicaSet=rs0',
        });
      });

      it('runs a file that is there, at the port that is published to this machine alone', () => {
        const command = valuesOf(below(compose, `services.${service}.command`));
        expect(existsSync(DIST + (command.at(-1) ?? '').replace('dist/', ''))).to.be.true;
        const { PORT: port = '' } = environmentOf(service);
        expect(compose.get(`services.${service}.ports.0`)).to.equal(`127.0.0.1:${port}:${port}`);
        expect(dockerfile).to.match(new RegExp(`^EXPOSE .*\\b${port}\\b`, 'm'));
      });

      it('can change nothing of its image and waits for what it needs', () => {
        const own = below(compose, `services.${service}`);
        expect(own.get('read_only')).to.equal('true');
        expect(own.get('cap_drop.0')).to.equal('ALL');
        expect(own.get('security_opt.0')).to.equal('no-new-privileges:true');
        const needed = below(compose, `services.${service}.depends_on`);
        for (const condition of needed.values()) expect(condition).to.equal('service_healthy');
        expect(needed.has('eventstoredb.condition')).to.be.true;
      });
    });
  }

  it('lets the relay publish from one service', () => {
    const relaying = SERVICES.filter(
      (name) => read(environmentOf(name)).config.kafka !== undefined,
    );
    expect(relaying).to.deep.equal(['projection']);
    expect(below(compose, 'services.kafka.environment').get('KAFKA_ADVERTISED_LISTENERS')).to.equal(
      `PLAINTEXT://${environmentOf('projection')['KAFKA_BROKERS'] ?? ''}`,
    );
  });

  for (const server of SERVERS) {
    it(`${server} is of a fixed version, is asked for its health, and published nowhere`, () => {
      expect(compose.get(`services.${server}.image`)).to.match(/:\d+\.\d+/);
      expect(below(compose, `services.${server}.healthcheck`).has('interval')).to.be.true;
      expect(below(compose, `services.${server}.ports`).size).to.equal(0);
      expect(valuesOf(below(compose, `services.${server}.networks`))).to.deep.equal(['stores']);
    });
  }

  it('declares every volume that is used', () => {
    const used = [...compose]
      .filter(([path]) => /^services\.\w+\.volumes\./.test(path))
      .map(([, value]) => value.split(':')[0]);
    expect(used).to.have.members([...below(compose, 'volumes').keys()]);
  });
});

describe('the Dockerfile', () => {
  it('copies what is there', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    expect(copied).to.include('package-lock.json');
    for (const name of copied) expect(existsSync(ROOT + name), name).to.be.true;
  });

  it('is given everything that it copies', () => {
    const given = readFileSync(`${ROOT}.dockerignore`, 'utf8');
    for (const [, names = ''] of dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)) {
      for (const name of names.split(' ')) expect(given.split('\n')).to.include(`!${name}`);
    }
  });

  it('runs as somebody who is not root, the command service unless told otherwise', () => {
    expect(dockerfile).to.match(/^USER node$/m);
    const [, file = ''] = /^CMD \["dist\/(.+)"\]$/m.exec(dockerfile) ?? [];
    expect(existsSync(DIST + file)).to.be.true;
  });
});
