import type { z } from 'zod';
import type { Exchange } from '../../shared/http/exchange.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import type { Reply } from '../../shared/http/route.js';
import type { Answer, CommandContext, Declared, Held, Posted } from '../application/ledger.js';
import type { declared, held, posted } from './schemas.js';

/** Who asks, as the ledger wants to know it. */
export function contextOf(exchange: Exchange): CommandContext {
  const { correlationId, traceparent } = exchange.trace;
  return { actor: exchange.actor, correlationId, traceparent };
}

/**
 * The reply to what the ledger answered.
 * @throws {HttpRefusal} it said no
 */
export function replyTo<Value extends Readonly<{ position: bigint }>, Data>(
  answer: Answer<Value>,
  status: number,
  message: string,
  wire: (value: Value) => Data,
): Reply<Data> {
  switch (answer.kind) {
    case 'refused':
      // The table of statuses has every code of the ledger, or this would not compile.
      throw new HttpRefusal(answer.refusal.code, answer.refusal.message, answer.refusal.errors);
    case 'done': {
      const { value, replayed } = answer;
      return { status, message, data: wire(value), position: value.position, replayed };
    }
  }
}

/** A declared code, as it is sent. */
export function wireDeclared({ definition, position }: Declared): z.output<typeof declared> {
  const { code, name, type, guarded, floor, currencies } = definition;
  return {
    id: code,
    code,
    name,
    type,
    guarded,
    floor: floor.toString(),
    currencies: [...currencies],
    position: position.toString(),
  };
}

/** A posted entry, as it is sent. */
export function wirePosted(value: Posted): z.output<typeof posted> {
  return {
    id: value.id,
    stream: value.stream,
    revision: value.revision.toString(),
    position: value.position.toString(),
    recordedAt: new Date(value.recordedAt).toISOString(),
    effectiveDate: value.effectiveDate,
  };
}

/** A hold, as it is sent. */
export function wireHeld(value: Held): z.output<typeof held> {
  return {
    id: value.id,
    account: value.account,
    status: value.status,
    amount: value.amount.toString(),
    currency: value.currency,
    expiresAt: value.expiresAt === undefined ? null : new Date(value.expiresAt).toISOString(),
    stream: value.stream,
    revision: value.revision.toString(),
    position: value.position.toString(),
    recordedAt: new Date(value.recordedAt).toISOString(),
  };
}
