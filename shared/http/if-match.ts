import { HttpRefusal } from './refusal.js';

/**
 * Checks an If-Match header against the revision of what the request would change.
 * @param revision undefined: nothing there has a revision, which no condition meets
 * @throws {HttpRefusal} REVISION_MISMATCH
 */
export function checkIfMatch(header: string | undefined, revision: bigint | undefined): void {
  if (header === undefined || meets(header, revision)) return;
  throw mismatch(header, revision);
}

/**
 * The revisions an If-Match header names, for whoever knows the revision only when it decides.
 * @returns nothing where there is no header: any revision will do
 */
export function ifRevision(
  header: string | undefined,
): Readonly<{ ifRevision?: (revision: bigint | undefined) => boolean }> {
  return header === undefined ? {} : { ifRevision: (revision) => meets(header, revision) };
}

/** The refusal of a request whose If-Match does not name this revision. */
export function mismatch(header: string, revision: bigint | undefined): HttpRefusal {
  const reason = revision === undefined ? 'nothing here has a revision' : `it is at "v${revision}"`;
  return new HttpRefusal('REVISION_MISMATCH', `If-Match: ${reason}`, [
    { field: 'If-Match', value: header, reason },
  ]);
}

function meets(header: string, revision: bigint | undefined): boolean {
  const wanted = header.split(',').map((tag) => tag.trim());
  return revision !== undefined && wanted.some((tag) => tag === '*' || tag === `"v${revision}"`);
}
