/** Whether an Accept header names exactly this media type, and does not rule it out by q=0. */
export function accepts(header: string | undefined, type: string): boolean {
  return qualityOf(header, type) > 0;
}

/** The first of `offered` the caller likes best by name; the first of all when it names none. */
export function preferred<Type extends string>(
  header: string | undefined,
  offered: readonly [Type, ...Type[]],
): Type {
  let best = offered[0];
  for (const type of offered) {
    if (qualityOf(header, type) > qualityOf(header, best)) best = type;
  }
  return best;
}

function qualityOf(header: string | undefined, type: string): number {
  if (header?.toLowerCase().includes(type) !== true) return 0;
  for (const part of header.toLowerCase().split(',')) {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim());
    if (name !== type) continue;
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const q = quality === undefined ? 1 : Number(quality.slice(2));
    return Number.isFinite(q) ? q : 0;
  }
  return 0;
}
