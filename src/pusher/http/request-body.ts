import type { IncomingMessage } from 'node:http';
import { badRequest } from './api-error.js';

/**
 * Reads the body of a request as it came. How long that may take is the business of the HTTP
 * server, which ends slow requests with 408.
 * @param maxSize bytes, inclusive
 * @returns undefined when it is larger
 * @throws ApiError 400 when the client breaks off
 */
export function readBody(request: IncomingMessage, maxSize: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      // What is too much is read and forgotten, so that the client can read the answer.
      if (size <= maxSize) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('close', () => {
      if (!request.complete) reject(badRequest('The request ended before its body was complete.'));
    });
  });
}
