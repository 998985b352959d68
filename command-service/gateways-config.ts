import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigRefused, type Environment } from '../shared/setting.js';
import { isCurrency } from '../shared/ledger/currency.js';
import type { RoutingRule } from './application/gateways.js';

type Timing = Readonly<{
  /** How long an answer is waited for, in milliseconds. */
  timeoutMs: number;
  /** After so many milliseconds a request the gateway does not know will not become known to it. */
  settlesAfterMs: number;
}>;

/** A gateway as configured. `simulator` lives in this process, `simulator-http` in another. */
export type GatewayConfig = Timing &
  Readonly<{ name: string }> &
  Readonly<
    | { kind: 'simulator' }
    | { kind: 'simulator-http'; url: string }
    /** The key comes from a function, so that settings that are logged do not show it. */
    | { kind: 'toss'; url: string; secretKey: () => string }
  >;

export type GatewaysConfig = Readonly<{
  gateways: readonly GatewayConfig[];
  /** The first that fits says which gateway takes a payment. */
  routes: readonly RoutingRule[];
  /** Takes what no route fits. Absent: nothing does. */
  default?: string;
  /** Whether a merchant wants 409 for a repeated Idempotency-Key, instead of the first answer. */
  conflictsOnRepeat: (merchant: string) => boolean;
}>;

const FILE = 'SAGAE_GATEWAYS_FILE';
const TIMEOUT = 'SAGAE_GATEWAY_TIMEOUT_MS';
const SETTLES = 'SAGAE_GATEWAY_SETTLES_AFTER_MS';
const CONFLICT = 'SAGAE_DUPLICATE_CONFLICT';

const TOSS_URL = 'https://api.tosspayments.com';
/** Toss takes up to 60 seconds to approve; what it does not know after that, it will not do. */
const TOSS_TIMING: Timing = { timeoutMs: 30_000, settlesAfterMs: 70_000 };
const SIMULATOR_TIMING: Timing = { timeoutMs: 3_000, settlesAfterMs: 5_000 };
const MAX_TIMEOUT_MS = 600_000;
const MAX_SETTLES_MS = 86_400_000;

const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,32}$/, 'is not 1 to 32 of A-Z a-z 0-9 . _ - (it is part of accounts)');
const url = z.string().refine(isPlainUrl, 'is not a URL like https://host:port');
const timing = {
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).optional(),
  settlesAfterMs: z.int().min(0).max(MAX_SETTLES_MS).optional(),
};
const gateway = z.discriminatedUnion('kind', [
  z.strictObject({ name, kind: z.literal('simulator'), ...timing }),
  z.strictObject({ name, kind: z.literal('simulator-http'), url, ...timing }),
  z.strictObject({
    name,
    kind: z.literal('toss'),
    url: url
      .refine(isSafeForSecrets, 'has to begin with https: the secret key is sent to it')
      .default(TOSS_URL),
    secretKeyFile: z.string().min(1).optional(),
    secretKeyEnv: z.string().min(1).optional(),
    ...timing,
  }),
]);
const route = z
  .strictObject({
    sellerId: z.string().min(1).max(64).exactOptional(),
    currency: z.string().refine(isCurrency, 'is not a currency like KRW').exactOptional(),
    tokenPrefix: z.string().min(1).exactOptional(),
    gateway: name,
  })
  .refine(
    (rule) => Object.keys(rule).length > 1,
    'fits everything: name a sellerId, a currency or a tokenPrefix, or use "default"',
  );
const file = z.strictObject({
  default: name.exactOptional(),
  gateways: z.array(gateway).min(1),
  routes: z.array(route).default([]),
});

type FileGateway = z.output<typeof gateway>;

/**
 * Reads the settings of the gateways from environment variables, and from the file one of them
 * names. Without any there is one gateway, `simulator`, in this process.
 * @throws {ConfigRefused} the first setting that is wrong; it never repeats a secret
 */
export function readGatewaysConfig(environment: Environment): GatewaysConfig {
  const simulator: Timing = {
    timeoutMs: readMs(environment, TIMEOUT, 1, MAX_TIMEOUT_MS) ?? SIMULATOR_TIMING.timeoutMs,
    settlesAfterMs:
      readMs(environment, SETTLES, 0, MAX_SETTLES_MS) ?? SIMULATOR_TIMING.settlesAfterMs,
  };
  const conflictsOnRepeat = readConflicts(environment[CONFLICT] ?? '');
  const path = environment[FILE];
  if (path === undefined || path === '') {
    const only = { name: 'simulator', kind: 'simulator', ...simulator } as const;
    return { gateways: [only], routes: [], default: only.name, conflictsOnRepeat };
  }
  const parsed = readGatewaysFile(path);
  checkNames(parsed);
  return {
    gateways: parsed.gateways.map((given, index) =>
      toGateway(given, simulator, { environment, folder: dirname(resolve(path)), index }),
    ),
    routes: parsed.routes,
    ...(parsed.default === undefined ? {} : { default: parsed.default }),
    conflictsOnRepeat,
  };
}

function readGatewaysFile(path: string): z.output<typeof file> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigRefused(FILE, `${path} cannot be read`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // What the parser says repeats a part of the text, and there may be a secret in it.
    throw new ConfigRefused(FILE, `${path} is not JSON`);
  }
  const checked = file.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw wrong(issue?.path ?? [], issue?.message ?? 'is not valid');
}

/** That names are there once, and that nothing leads to a name that is not there. */
function checkNames({ gateways, routes, default: fallback }: z.output<typeof file>): void {
  const names = gateways.map((given) => given.name);
  const twice = names.findIndex((given, index) => names.indexOf(given) !== index);
  if (twice !== -1) throw wrong(['gateways', twice, 'name'], 'is there twice');
  const lost = routes.findIndex((rule) => !names.includes(rule.gateway));
  if (lost !== -1) throw wrong(['routes', lost, 'gateway'], 'is none of the gateways');
  if (fallback !== undefined && !names.includes(fallback)) {
    throw wrong(['default'], 'is none of the gateways');
  }
  if (fallback === undefined && routes.length === 0) {
    throw wrong(['default'], 'is missing, and there are no routes: no payment would be taken');
  }
}

type Place = Readonly<{ environment: Environment; folder: string; index: number }>;

function toGateway(given: FileGateway, simulator: Timing, place: Place): GatewayConfig {
  const usual = given.kind === 'toss' ? TOSS_TIMING : simulator;
  const common = {
    name: given.name,
    timeoutMs: given.timeoutMs ?? usual.timeoutMs,
    settlesAfterMs: given.settlesAfterMs ?? usual.settlesAfterMs,
  };
  switch (given.kind) {
    case 'simulator':
      return { ...common, kind: 'simulator' };
    case 'simulator-http':
      return { ...common, kind: 'simulator-http', url: given.url };
    case 'toss': {
      if (common.settlesAfterMs < common.timeoutMs) {
        throw wrong(
          ['gateways', place.index, 'settlesAfterMs'],
          'is below timeoutMs: a request that is still waited for would count as lost',
        );
      }
      const key = readSecretKey(given, place);
      return { ...common, kind: 'toss', url: given.url, secretKey: () => key };
    }
  }
}

/** Neither the key nor the name it is found by is repeated: either may be the key itself. */
function readSecretKey(
  { secretKeyFile, secretKeyEnv }: Extract<FileGateway, { kind: 'toss' }>,
  { environment, folder, index }: Place,
): string {
  const at = (field: string, reason: string): ConfigRefused =>
    wrong(['gateways', index, field], reason);
  if ((secretKeyFile === undefined) === (secretKeyEnv === undefined)) {
    throw at('secretKeyFile', 'either it or secretKeyEnv is needed, and not both');
  }
  if (secretKeyEnv !== undefined) {
    const value = environment[secretKeyEnv] ?? '';
    if (value === '') throw at('secretKeyEnv', 'names no environment variable that is set');
    return checkSecretKey(value, (reason) => at('secretKeyEnv', reason));
  }
  let text: string;
  try {
    text = readFileSync(resolve(folder, secretKeyFile ?? ''), 'utf8');
  } catch {
    throw at('secretKeyFile', 'names no file that can be read');
  }
  return checkSecretKey(text, (reason) => at('secretKeyFile', reason));
}

function checkSecretKey(text: string, refused: (reason: string) => ConfigRefused): string {
  const key = text.trim();
  if (/^[A-Za-z0-9_-]{8,200}$/.test(key)) return key;
  throw refused('holds no secret key: 8 to 200 of A-Z a-z 0-9 _ -, without the colon at its end');
}

function readMs(
  environment: Environment,
  variable: string,
  min: number,
  max: number,
): number | undefined {
  const text = environment[variable];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new ConfigRefused(variable, `"${text}" is not a number of milliseconds, ${min} to ${max}`);
}

function readConflicts(text: string): (merchant: string) => boolean {
  const names = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (names.includes('*')) return () => true;
  const bad = names.findIndex((part) => !/^[A-Za-z0-9._-]{1,64}$/.test(part));
  if (bad !== -1) {
    throw new ConfigRefused(CONFLICT, `entry ${bad + 1} is neither the name of a key nor *`);
  }
  const merchants = new Set(names);
  return (merchant) => merchants.has(merchant);
}

function wrong(path: readonly PropertyKey[], reason: string): ConfigRefused {
  const place = path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
  return new ConfigRefused(FILE, place === '' ? reason : `${place}: ${reason}`);
}

/** An address of a server, without anything that could be a secret or a question. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].join('') === '';
}

function isSafeForSecrets(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
