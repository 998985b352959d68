/*
 * A little of protobuf's encoding, for the few messages whose types the client's package takes from
 * another one.
 */

/** A field with a length: a text, bytes or a message. */
export function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), content]);
}

/** A message without content, which says something by being there. */
export function emptyField(number: number): Buffer {
  return field(number, new Uint8Array());
}
