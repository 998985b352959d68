/**
 * Splits an amount in the given proportions so that the parts add up to the whole exactly: each
 * part gets its rounded-down share, and the units left over go one each to the parts with the
 * largest remainders (Hamilton's method); ties go to the earlier part.
 *
 * @param amount minor units, not negative
 * @param weights proportions, none negative, at least one above zero
 * @returns one amount per weight, in the same order
 * @throws Error when the amount or a weight is negative, or no weight is above zero
 */
export function allocate(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (amount < 0n) throw new Error('cannot allocate a negative amount');
  if (weights.some((weight) => weight < 0n)) throw new Error('cannot allocate by negative weights');
  if (total === 0n) throw new Error('cannot allocate by weights that are all zero');

  const shares = weights.map((weight, index) => ({
    index,
    part: (amount * weight) / total,
    remainder: (amount * weight) % total,
  }));
  let left = amount - shares.reduce((sum, share) => sum + share.part, 0n);
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const share of byRemainder) {
    if (left === 0n) break;
    share.part += 1n;
    left -= 1n;
  }
  return shares.map((share) => share.part);
}
