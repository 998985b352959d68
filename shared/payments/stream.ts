const PREFIX = 'payment-';

/** The stream of a payment. */
export function paymentStream(id: string): string {
  return PREFIX + id;
}

/** The id of the payment whose stream this is. @throws Error when it is the stream of none */
export function paymentIdOf(stream: string): string {
  if (!stream.startsWith(PREFIX)) throw new Error(`${stream} is no stream of a payment`);
  return stream.slice(PREFIX.length);
}
