import { BusUnavailable } from '../../ports/event-bus.js';

/** The brokers were reached and do not take a message. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';
  constructor(
    readonly kind: 'too-large' | 'refused',
    reason: string,
  ) {
    super(reason);
  }
}

const TOO_LARGE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const REFUSED: ReadonlySet<string> = new Set([
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/** What an error of the client means for what was published. */
export function faultOf(error: unknown): BusUnavailable | MessageRefused {
  if (error instanceof BusUnavailable || error instanceof MessageRefused) return error;
  const type = typeOf(error);
  const reason = reasonOf(error);
  if (TOO_LARGE.has(type)) return new MessageRefused('too-large', reason);
  if (REFUSED.has(type)) return new MessageRefused('refused', reason);
  return new BusUnavailable(reason, { cause: error });
}

/** What an error says; of an error that wraps others, what the innermost says. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : `${error.name}: ${error.message}`;
}

/** Kafka's name of the error, somewhere in what the client wrapped around it. */
export function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('type' in error && typeof error.type === 'string') return error.type;
  return typeOf(error.cause);
}
