import type { Exchange } from '../../shared/http/exchange.js';
import { validate } from '../../shared/http/issues.js';
import { HttpRefusal } from '../../shared/http/refusal.js';
import type { Reply } from '../../shared/http/route.js';
import { QueryRefused } from '../queries/answers.js';
import type { Queries } from '../queries/open.js';
import { position as positionSchema } from './schemas.js';

/** How long a read waits for the position it was asked to reflect. */
const MAX_WAIT_MS = 2_000;

/**
 * Asks once the views have come to the position the caller wants reflected.
 * @throws {HttpRefusal} what the queries refuse, as an answer
 */
export function asked<T>(
  queries: Queries,
  exchange: Exchange,
  ask: (position: bigint) => Promise<T>,
): Promise<T> {
  return refusing(async () => {
    const minimum = minimumOf(exchange);
    const reached =
      minimum === undefined ? queries.position() : queries.waitFor(minimum, MAX_WAIT_MS);
    return ask(await reached);
  });
}

/**
 * Asks what is answered from the log itself, which needs not wait for views.
 * @throws {HttpRefusal} what the queries refuse, as an answer
 */
export function askedOfLog<T>(
  queries: Queries,
  exchange: Exchange,
  ask: () => Promise<Reply<T>>,
): Promise<Reply<T>> {
  return refusing(async () => {
    const minimum = minimumOf(exchange);
    if (minimum !== undefined && minimum > (await queries.head())) {
      await queries.waitFor(minimum, MAX_WAIT_MS);
    }
    return ask();
  });
}

/** A success that reflects the log up to a position. */
export function found<Data>(data: Data, position: bigint): Reply<Data> {
  return { status: 200, message: 'found', data, position };
}

function minimumOf(exchange: Exchange): bigint | undefined {
  const minimum = exchange.header('X-Min-Position');
  return minimum === undefined ? undefined : validate(positionSchema, minimum, 'X-Min-Position');
}

async function refusing<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof QueryRefused)) throw error;
    const { code, field, value, reason, message } = error;
    throw new HttpRefusal(code, message, [{ field, value, reason }]);
  }
}
