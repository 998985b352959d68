import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type {
  AuthorizeRequest,
  FollowUpRequest,
  GatewayAnswer,
  GatewayDone,
  Inquiry,
  InquiryAnswer,
  PaymentGateway,
  RefundRequest,
} from '../ports/payment-gateway.js';

/** What may befall an authorisation. `…-unanswered`: no answer ever comes. */
export type GatewayFate =
  | 'ok'
  | 'declined'
  | 'done-unanswered'
  | 'lost-unanswered'
  | 'done-reset'
  | 'unavailable'
  | 'done-garbled'
  | 'refund-declined';

/** A gateway under test, with nothing in its memory that a test could meet. */
export type GatewayUnderTest = Readonly<{
  gateway: PaymentGateway;
  /** Takes the gateway away, or brings it back: calls then find nobody who can serve them. */
  dead: (isDead: boolean) => Promise<void>;
  cleanup: () => Promise<void>;
}>;

/** How a gateway is put to the test. */
export type GatewayContract = Readonly<{
  /** As the gateway says of itself: tests of separate captures and voids run only if it does. */
  capturesSeparately: boolean;
  /** The token that brings a fate on. */
  tokens: Readonly<Record<GatewayFate, string>>;
  currency: string;
  /** How our references look there; default: as they come. */
  reference?: (name: string) => string;
}>;

type Setting = Readonly<{
  contract: GatewayContract;
  place: () => GatewayUnderTest;
  gateway: () => PaymentGateway;
}>;

const AMOUNT = 50_000n;

/** The suite every adapter of {@link PaymentGateway} has to pass. */
export function paymentGatewayContract(
  name: string,
  contract: GatewayContract,
  make: () => Promise<GatewayUnderTest>,
): void {
  describe(`payment gateway contract: ${name}`, () => {
    let place: GatewayUnderTest;
    beforeEach(async () => {
      place = await make();
    });
    afterEach(() => place.cleanup());

    const setting = { contract, place: () => place, gateway: () => place.gateway };
    authorising(setting);
    silence(setting);
    refunds(setting);
    if (contract.capturesSeparately) separateCaptures(setting);
    outages(setting);
  });
}

function authorising(setting: Setting): void {
  const { gateway, contract } = setting;

  it('authorises and captures in one go, and names what it did', async () => {
    expect(gateway().capturesSeparately).to.equal(contract.capturesSeparately);
    const done = doneOf(await gateway().authorize(authorization(setting), never()));
    expect(done).to.include({ amount: AMOUNT, currency: contract.currency });
    expect(done.gatewayId).not.to.equal('');
    expect(done.raw.length).to.be.within(1, 2_000);
    expect(Number.isSafeInteger(done.occurredAt)).to.be.true;
  });

  it('answers a repetition as it answered before, and does nothing twice', async () => {
    const request = authorization(setting);
    const first = doneOf(await gateway().authorize(request, never()));
    const again = doneOf(await gateway().authorize(request, never()));
    expect(again).to.include({ gatewayId: first.gatewayId, occurredAt: first.occurredAt });
    doneOf(await gateway().refund(refund(setting, first, 'r-1', AMOUNT, 0n), never()));
    failedOf(await gateway().refund(refund(setting, first, 'r-2', 1n, 0n), never()));
  });

  it('answers two calls at once with one reference alike', async () => {
    const request = authorization(setting);
    const [one, other] = await Promise.all([
      gateway().authorize(request, never()),
      gateway().authorize(request, never()),
    ]);
    expect(doneOf(one).gatewayId).to.equal(doneOf(other).gatewayId);
  });

  it('does not take a reference for another amount', async () => {
    const request = authorization(setting);
    doneOf(await gateway().authorize(request, never()));
    const answer = await gateway().authorize({ ...request, amount: AMOUNT + 1n }, never());
    if (answer.kind !== 'done') failedOf(answer);
    else expect(answer.amount, 'what it had done before').to.equal(AMOUNT);
    expect(doneOf(await gateway().inquire(inquiry(request), never())).amount).to.equal(AMOUNT);
  });

  it('declines in neutral words and in its own', async () => {
    const request = authorization(setting, { token: contract.tokens.declined });
    const { kind, decline, raw } = failedOf(await gateway().authorize(request, never()));
    expect(kind).to.equal('declined');
    expect(decline).to.include({ code: 'card_declined', retryable: false });
    expect(decline.pgCode).not.to.equal('');
    expect(decline.pgMessage).not.to.equal('');
    expect(raw.length).to.be.within(1, 2_000);
    const told = await gateway().inquire(inquiry(request), never());
    expect(told.kind).to.be.oneOf(['declined', 'not-found']);
  });

  it('tells what became of a request, by our reference', async () => {
    const request = authorization(setting);
    const done = doneOf(await gateway().authorize(request, never()));
    const told = doneOf(await gateway().inquire(inquiry(request), never()));
    expect(told).to.include({
      amount: AMOUNT,
      currency: contract.currency,
      gatewayId: done.gatewayId,
      occurredAt: done.occurredAt,
    });
  });

  it('says of a request it never heard of that it does not know it', async () => {
    const told = await gateway().inquire(inquiry(authorization(setting)), never());
    expect(told.kind).to.equal('not-found');
  });
}

function silence(setting: Setting): void {
  const { gateway, contract } = setting;

  it('leads a call that is given up to an unknown outcome, and tells it when asked', async () => {
    const request = authorization(setting, { token: contract.tokens['done-unanswered'] });
    const giveUp = new AbortController();
    const call = gateway().authorize(request, giveUp.signal);
    await until(async () => (await gateway().inquire(inquiry(request), never())).kind === 'done');
    giveUp.abort();
    expect(unknownOf(await call)).to.equal('timeout');
    expect(doneOf(await gateway().inquire(inquiry(request), never())).amount).to.equal(AMOUNT);
  });

  it('does not know a request that was lost', async () => {
    const request = authorization(setting, { token: contract.tokens['lost-unanswered'] });
    const giveUp = new AbortController();
    const call = gateway().authorize(request, giveUp.signal);
    const during = await gateway().inquire(inquiry(request), never());
    expect(during.kind).to.equal('not-found');
    giveUp.abort();
    expect(unknownOf(await call)).to.equal('timeout');
    const after = await gateway().inquire(inquiry(request), never());
    expect(after.kind).to.equal('not-found');
  });

  it('leads a call that is given up before it begins to an unknown outcome', async () => {
    const request = authorization(setting);
    expect(unknownOf(await gateway().authorize(request, AbortSignal.abort()))).to.equal('timeout');
    const told = await gateway().inquire(inquiry(request), AbortSignal.abort());
    expect(told.kind).to.equal('no-answer');
  });

  for (const [fate, reason, truth] of [
    ['done-reset', 'reset', 'done'],
    ['done-garbled', 'garbled', 'done'],
    ['unavailable', 'unavailable', 'not-found'],
  ] as const) {
    it(`never guesses: ${fate}`, async () => {
      const request = authorization(setting, { token: contract.tokens[fate] });
      expect(unknownOf(await gateway().authorize(request, never()))).to.equal(reason);
      const told = await gateway().inquire(inquiry(request), never());
      expect(told.kind).to.equal(truth);
    });
  }
}

function refunds(setting: Setting): void {
  const { gateway, contract } = setting;
  const captured = async (token = contract.tokens.ok): Promise<GatewayDone> =>
    doneOf(await gateway().authorize(authorization(setting, { token }), never()));

  it('refunds in parts, never above what was captured', async () => {
    const done = await captured();
    const part = refund(setting, done, 'r-1', 20_000n, 30_000n);
    expect(doneOf(await gateway().refund(part, never()))).to.include({
      amount: 20_000n,
      currency: contract.currency,
    });
    failedOf(await gateway().refund(refund(setting, done, 'r-2', 30_001n, 0n), never()));
    const rest = refund(setting, done, 'r-3', 30_000n, 0n);
    expect(doneOf(await gateway().refund(rest, never())).amount).to.equal(30_000n);
    failedOf(await gateway().refund(refund(setting, done, 'r-4', 1n, 0n), never()));
  });

  it('refunds once, however often it is asked with one reference', async () => {
    const done = await captured();
    const half = refund(setting, done, 'r-1', 25_000n, 25_000n);
    const first = doneOf(await gateway().refund(half, never()));
    const again = doneOf(await gateway().refund(half, never()));
    expect(again).to.include({ amount: 25_000n, gatewayId: first.gatewayId });
    const other = refund(setting, done, 'r-2', 25_000n, 0n);
    expect(doneOf(await gateway().refund(other, never())).gatewayId).not.to.equal(first.gatewayId);
  });

  it('tells what became of a refund', async () => {
    const done = await captured();
    const part = refund(setting, done, 'r-1', 20_000n, 30_000n);
    const before = await gateway().inquire(followUpInquiry(part, 'refund'), never());
    expect(before.kind).to.equal('not-found');
    const made = doneOf(await gateway().refund(part, never()));
    const told = doneOf(await gateway().inquire(followUpInquiry(part, 'refund'), never()));
    expect(told).to.include({ amount: 20_000n, gatewayId: made.gatewayId });
  });

  it('says so when it does not refund', async () => {
    const done = await captured(contract.tokens['refund-declined']);
    const request = {
      ...refund(setting, done, 'r-1', AMOUNT, 0n),
      token: contract.tokens['refund-declined'],
    };
    failedOf(await gateway().refund(request, never()));
    const told = await gateway().inquire(followUpInquiry(request, 'refund'), never());
    expect(told.kind).to.be.oneOf(['declined', 'not-found']);
  });
}

function separateCaptures(setting: Setting): void {
  const { gateway } = setting;
  const authorized = async (): Promise<GatewayDone> => {
    const request = authorization(setting, { capture: false });
    return doneOf(await gateway().authorize(request, never()));
  };

  it('captures later and in parts, never above what was authorised', async () => {
    const done = await authorized();
    expect(done.expiresAt, 'until when').to.be.above(done.occurredAt);
    const part = followUp(setting, done, 'c-1', 20_000n);
    const first = doneOf(await gateway().capture(part, never()));
    expect(first.amount).to.equal(20_000n);
    expect(doneOf(await gateway().capture(part, never())).gatewayId).to.equal(first.gatewayId);
    failedOf(await gateway().capture(followUp(setting, done, 'c-2', 30_001n), never()));
    doneOf(await gateway().capture(followUp(setting, done, 'c-3', 30_000n), never()));
    const told = doneOf(await gateway().inquire(followUpInquiry(part, 'capture'), never()));
    expect(told).to.include({ amount: 20_000n, gatewayId: first.gatewayId });
  });

  it('refunds nothing that was not captured', async () => {
    const done = await authorized();
    failedOf(await gateway().refund(refund(setting, done, 'r-1', 1n, 0n), never()));
  });

  it('voids what was not captured, and captures nothing after', async () => {
    const done = await authorized();
    const all = followUp(setting, done, 'v-1', AMOUNT);
    const voided = doneOf(await gateway().void(all, never()));
    expect(voided.amount).to.equal(AMOUNT);
    expect(doneOf(await gateway().void(all, never())).gatewayId).to.equal(voided.gatewayId);
    expect((await gateway().inquire(followUpInquiry(all, 'void'), never())).kind).to.equal('done');
    failedOf(await gateway().capture(followUp(setting, done, 'c-1', 1n), never()));
  });

  it('voids nothing that was captured', async () => {
    const done = await authorized();
    doneOf(await gateway().capture(followUp(setting, done, 'c-1', AMOUNT), never()));
    failedOf(await gateway().void(followUp(setting, done, 'v-1', AMOUNT), never()));
  });
}

function outages(setting: Setting): void {
  const { gateway, place } = setting;

  it('knows nothing while nobody serves, and goes on afterwards', async () => {
    const request = authorization(setting);
    await place().dead(true);
    expect(unknownOf(await gateway().authorize(request, never()))).to.equal('unavailable');
    const told = await gateway().inquire(inquiry(request), never());
    expect(told.kind).to.equal('no-answer');
    await place().dead(false);
    doneOf(await gateway().authorize(request, never()));
  });
}

/** A signal that does not abort. */
function never(): AbortSignal {
  return new AbortController().signal;
}

/** Waits for what is bound to happen. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}

function authorization(
  { contract }: Setting,
  changes: Partial<AuthorizeRequest> = {},
): AuthorizeRequest {
  return {
    reference: referenceOf(contract, 'p-1-1'),
    paymentId: 'p-1',
    orderId: 'order-1',
    sellerId: 'seller-1',
    amount: AMOUNT,
    currency: contract.currency,
    token: contract.tokens.ok,
    capture: true,
    ...changes,
  };
}

function followUp(
  { contract }: Setting,
  { gatewayId }: GatewayDone,
  name: string,
  amount: bigint,
): FollowUpRequest {
  return {
    reference: referenceOf(contract, name),
    paymentId: 'p-1',
    orderId: 'order-1',
    amount,
    currency: contract.currency,
    token: contract.tokens.ok,
    authorization: gatewayId,
  };
}

function refund(
  setting: Setting,
  done: GatewayDone,
  name: string,
  amount: bigint,
  remaining: bigint,
): RefundRequest {
  return { ...followUp(setting, done, name, amount), reason: 'changed their mind', remaining };
}

function referenceOf({ reference = (name) => name }: GatewayContract, name: string): string {
  return reference(name);
}

function inquiry(request: AuthorizeRequest): Inquiry {
  const { reference, paymentId, orderId, amount, currency, token, capture } = request;
  return { reference, paymentId, orderId, amount, currency, token, capture, kind: 'authorize' };
}

function followUpInquiry(request: FollowUpRequest, kind: Inquiry['kind']): Inquiry {
  const { reference, paymentId, orderId, amount, currency, token, authorization: id } = request;
  const rest = { reference, paymentId, orderId, amount, currency, token };
  return { ...rest, kind, authorization: id, capture: false };
}

function doneOf(answer: GatewayAnswer | InquiryAnswer): GatewayDone {
  if (answer.kind === 'done') return answer;
  return expect.fail(`not done: ${JSON.stringify(answer)}`);
}

type Failed = Extract<GatewayAnswer, { kind: 'declined' | 'refused' }>;

function failedOf(answer: GatewayAnswer): Failed {
  if (answer.kind === 'declined' || answer.kind === 'refused') return answer;
  return expect.fail(`neither declined nor refused: ${answer.kind}`);
}

function unknownOf(answer: GatewayAnswer): string {
  return answer.kind === 'unknown' ? answer.reason : `known: ${answer.kind}`;
}
