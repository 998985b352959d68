/** The text of a POST with a JSON body. `headers`: whole lines, each with its line end. */
export function postText(path: string, headers: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n${headers}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

/** The text of a GET. */
export function getText(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench\r\n${headers}\r\n`;
}

/** Hands out 0 … count − 1, each once, to whichever connection asks next. */
export function counter(count: number): () => number | undefined {
  let next = 0;
  return () => (next < count ? next++ : undefined);
}
