import { HttpRefusal } from './refusal.js';

/**
 * Checks an If-Match header against the revision of what the request would change.
 * @param revision undefined: nothing there has a revision, which no condition meets
 * @throws {HttpRefusal} REVISION_MISMATCH
 */
export function checkIfMatch(header: string | undefined, revision: bigint | undefined): void {
  if (header === undefined) return;
  const wanted = header.split(',').map((tag) => tag.trim());
  const met =
    revision !== undefined && wanted.some((tag) => tag === '*' || tag === `"v${revision}"`);
  if (met) return;
  const reason = revision === undefined ? 'nothing here has a revision' : `it is at "v${revision}"`;
  throw new HttpRefusal('REVISION_MISMATCH', `If-Match: ${reason}`, [
    { field: 'If-Match', value: header, reason },
  ]);
}
