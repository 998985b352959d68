import { hash } from 'node:crypto';
import type { Exchange } from '../../shared/http/exchange.js';
import { HttpRefusal, invalid } from '../../shared/http/refusal.js';

/** Fixed for ever: a changed namespace would turn every retry into a new request. */
const NAMESPACE = Buffer.from('5b1c6d6e3c5a5f0d9a7e4d7367616500', 'hex');

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/**
 * The id a request has by its Idempotency-Key: the same for the same route, caller and key, now and
 * in years. `route` names the aggregate too where the path does.
 * @throws {HttpRefusal} IDEMPOTENCY_KEY_REQUIRED, or VALIDATION_FAILED when it is no such key
 */
export function requestId(exchange: Exchange, route: string): string {
  return uuidOf(`${route}\n${exchange.actor}\n${idempotencyKey(exchange)}`);
}

function idempotencyKey(exchange: Exchange): string {
  const header = exchange.header('Idempotency-Key');
  if (header === undefined || header === '') {
    throw new HttpRefusal('IDEMPOTENCY_KEY_REQUIRED', 'a request that moves money has a key', [
      { field: 'Idempotency-Key', value: '', reason: 'is required' },
    ]);
  }
  const key = unquote(header);
  if (VISIBLE_ASCII.test(key)) return key;
  throw invalid('Idempotency-Key', header, 'is 1 to 255 visible ASCII characters');
}

/** `"abc"` and `abc` are the same key: the draft standard quotes it, most callers do not. */
function unquote(header: string): string {
  if (header.length < 2 || !header.startsWith('"') || !header.endsWith('"')) return header;
  return header.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

/** A UUID of version 5: a name under a namespace, hashed. */
function uuidOf(name: string): string {
  const digest = Buffer.from(hash('sha1', Buffer.concat([NAMESPACE, Buffer.from(name)])), 'hex');
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
