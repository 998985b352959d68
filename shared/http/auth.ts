import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '../config.js';
import { HttpRefusal } from './refusal.js';

/** Who asks when no key is needed. */
export const ANONYMOUS = 'anonymous';

/**
 * The name of the key in an `Authorization: Bearer …` header. Every key is compared, each in
 * constant time, so that the time of the answer tells nothing about the secrets.
 * @throws {HttpRefusal} UNAUTHENTICATED
 */
export function authenticate(keys: readonly ApiKey[], header: string | undefined): string {
  if (keys.length === 0) return ANONYMOUS;
  const secret = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  let name: string | undefined;
  if (secret !== undefined) {
    const digest = Buffer.from(hash('sha256', secret, 'hex'), 'hex');
    for (const key of keys) if (timingSafeEqual(digest, key.sha256)) name = key.name;
  }
  if (name !== undefined) return name;
  throw new HttpRefusal(
    'UNAUTHENTICATED',
    'a key is needed: Authorization: Bearer <secret>',
    [],
    ['WWW-Authenticate', 'Bearer realm="sagae"'],
  );
}
