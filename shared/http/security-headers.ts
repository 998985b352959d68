import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import { STYLE } from './docs-style.js';

/**
 * The headers helmet gives every answer, as name, value, name, value. They never differ, so they
 * are worked out once instead of by a dozen middlewares per request.
 *
 * Nothing may be loaded but the style of the documentation page, which is named by its hash.
 */
export const SECURITY_HEADERS: readonly string[] = [
  ...collect(),
  // Answers are about money: no cache keeps them.
  ...['Cache-Control', 'no-store'],
];

function collect(): readonly string[] {
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [`'sha256-${styleHash}'`],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    // Only very old browsers read these four, and every answer would carry them.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    originAgentCluster: false,
  });
  return headersSetBy(protect);
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

function headersSetBy(middleware: Middleware): readonly string[] {
  const headers: string[] = [];
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  middleware(request, response, () => undefined);
  for (const [name, value] of Object.entries(response.getHeaders())) {
    headers.push(name, String(value));
  }
  return headers;
}
