import type { IncomingMessage } from 'node:http';
import { badRequest, type ApiError } from './api-error.js';

/**
 * Reads the body of a request as it came. How long that may take is the business of the HTTP
 * server, which ends slow requests with 408.
 * @param maxSize bytes, inclusive
 * @returns undefined when it is larger
 * @throws ApiError 400 when the client breaks off
 */
export function readBody(request: IncomingMessage, maxSize: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => receiveBody(request, maxSize, resolve, reject));
}

/**
 * As {@link readBody}, for those who need no promise: calls one of the two, once.
 * @param onBody gets undefined for a body that is larger
 */
export function receiveBody(
  request: IncomingMessage,
  maxSize: number,
  onBody: (body: Buffer | undefined) => void,
  onBroken: (error: ApiError) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let isDone = false;
  const finish = (body: Buffer | undefined) => {
    if (isDone) return;
    isDone = true;
    onBody(body);
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    // What is too much is read and forgotten, so that the client can read the answer.
    if (size <= maxSize) chunks.push(chunk);
    else finish(undefined);
  });
  request.on('end', () => finish(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
  request.on('close', () => {
    if (isDone || request.complete) return;
    isDone = true;
    onBroken(badRequest('The request ended before its body was complete.'));
  });
}
