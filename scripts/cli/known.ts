/** The recorded axis: what was known at an instant (ms since 1970), or once a position was there. */
export type Known = Readonly<{ instant: number }> | Readonly<{ position: bigint }>;

const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const POSITION = /^position:(0|[1-9]\d{0,18})$/;

/** Reads `position:N` or an RFC 3339 instant; undefined when the text is neither. */
export function parseKnown(text: string): Known | undefined {
  const position = POSITION.exec(text)?.[1];
  if (position !== undefined) return { position: BigInt(position) };
  if (!INSTANT.test(text)) return undefined;
  const instant = Date.parse(text.toUpperCase());
  return Number.isNaN(instant) ? undefined : { instant };
}

/** The text {@link parseKnown} reads. */
export function formatKnown(known: Known): string {
  if ('position' in known) return `position:${known.position}`;
  return new Date(known.instant).toISOString();
}
