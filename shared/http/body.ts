import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { HttpRefusal, invalid } from './refusal.js';

/** The other side went away before its request was complete: nobody is left to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

/** How much of a body that is too large is read and thrown away, so that the answer is heard. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024;

/**
 * The media type of the body.
 * @throws {HttpRefusal} UNSUPPORTED_MEDIA_TYPE when it is none of `accepted`, or not plain UTF-8
 */
export function mediaType(request: IncomingMessage, accepted: readonly string[]): string {
  const header = request.headers['content-type'] ?? '';
  const type = header === accepted[0] ? header : header.split(';', 1)[0]?.trim().toLowerCase();
  const charset = header.includes(';') ? /charset\s*=\s*"?([^\s;"]+)/i.exec(header)?.[1] : 'utf-8';
  const encoding = request.headers['content-encoding'] ?? 'identity';
  const plain = /^utf-?8$/i.test(charset ?? 'utf-8') && encoding === 'identity';
  if (type !== undefined && accepted.includes(type) && plain) return type;
  throw new HttpRefusal(
    'UNSUPPORTED_MEDIA_TYPE',
    `Content-Type is ${accepted.join(' or ')}, in UTF-8 and not compressed`,
    [{ field: 'Content-Type', value: header, reason: `is ${accepted.join(' or ')}` }],
  );
}

/** Whether the request comes with a body. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length ?? '0') !== '0';
}

/**
 * Reads the body as text.
 * @throws {HttpRefusal} PAYLOAD_TOO_LARGE above `limit` bytes; VALIDATION_FAILED when not UTF-8
 * @throws {RequestAborted} it ended too early
 */
export async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const bytes = await readBytes(request, limit);
  if (!isUtf8(bytes)) throw invalid('body', '', 'is not UTF-8');
  return bytes.toString('utf8');
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > limit + MAX_DISCARDED_BYTES) {
      reject(tooLarge(limit));
      return;
    }
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks = [];
      if (size > limit + MAX_DISCARDED_BYTES) reject(tooLarge(limit));
    });
    request.on('end', () => {
      const [first] = chunks;
      if (size > limit) reject(tooLarge(limit));
      else resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.on('error', () => {
      reject(new RequestAborted('the request broke off'));
    });
    request.on('close', () => {
      if (!request.complete) reject(new RequestAborted('the request broke off'));
    });
  });
}

function tooLarge(limit: number): HttpRefusal {
  return new HttpRefusal(
    'PAYLOAD_TOO_LARGE',
    `the body is larger than ${limit} bytes`,
    [{ field: 'body', value: '', reason: `is at most ${limit} bytes` }],
    ['Connection', 'close'],
  );
}
