import type { PaymentGateway } from '../../shared/ports/payment-gateway.js';
import type { CircuitBreaker } from './circuit-breaker.js';

/** A gateway as it is used: what it is called, how long it is waited for, and its breaker. */
export type GatewayEntry = Readonly<{
  /** 1 to 32 of A-Z a-z 0-9 . _ -: it is a segment of accounts. */
  name: string;
  gateway: PaymentGateway;
  /** How long an answer is waited for, in milliseconds. */
  timeoutMs: number;
  /** After so many milliseconds a request the gateway does not know will not become known to it. */
  settlesAfterMs: number;
  breaker: CircuitBreaker;
}>;

/** What a payment is routed by. */
export type RoutedRequest = Readonly<{ sellerId: string; currency: string; token: string }>;

/** Whatever is present has to fit; nothing present fits every request. */
export type RoutingRule = Readonly<{
  sellerId?: string;
  currency?: string;
  tokenPrefix?: string;
  /** A gateway's name. */
  gateway: string;
}>;

export interface Gateways {
  /** The gateway for a new payment. Undefined: none takes it. */
  route(request: RoutedRequest): GatewayEntry | undefined;
  /** The gateway a payment was made with. Undefined: it is not configured any more. */
  get(name: string): GatewayEntry | undefined;
  all(): readonly GatewayEntry[];
}

/** Gateways and rules as configured: the first rule that fits says which, else the default. */
export class ConfiguredGateways implements Gateways {
  readonly #byName: ReadonlyMap<string, GatewayEntry>;
  readonly #rules: readonly RoutingRule[];
  readonly #default: string | undefined;

  /** @throws {Error} when a name is there twice, or a rule or the default names no gateway */
  constructor(
    entries: readonly GatewayEntry[],
    rules: readonly RoutingRule[],
    defaultName: string | undefined,
  ) {
    this.#byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.#rules = rules;
    this.#default = defaultName;
    if (this.#byName.size !== entries.length) throw new Error('two gateways have one name');
    for (const name of [...rules.map((rule) => rule.gateway), defaultName]) {
      if (name !== undefined && !this.#byName.has(name)) throw new Error(`no gateway "${name}"`);
    }
  }

  route(request: RoutedRequest): GatewayEntry | undefined {
    const name = this.#rules.find((rule) => fits(rule, request))?.gateway ?? this.#default;
    return name === undefined ? undefined : this.#byName.get(name);
  }

  get(name: string): GatewayEntry | undefined {
    return this.#byName.get(name);
  }

  all(): readonly GatewayEntry[] {
    return [...this.#byName.values()];
  }
}

function fits(rule: RoutingRule, request: RoutedRequest): boolean {
  return (
    (rule.sellerId === undefined || rule.sellerId === request.sellerId) &&
    (rule.currency === undefined || rule.currency === request.currency) &&
    (rule.tokenPrefix === undefined || request.token.startsWith(rule.tokenPrefix))
  );
}
