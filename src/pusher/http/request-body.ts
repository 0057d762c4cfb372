import type { IncomingMessage } from 'node:http';
import { badRequest, tooLarge } from './api-error.js';

const EMPTY = Buffer.alloc(0);

/**
 * Reads the body of a request as it came. How long that may take is the business of the HTTP
 * server, which ends slow requests with 408.
 * @param maxSize bytes, inclusive
 * @throws ApiError 413 when it is larger, 400 when the client breaks off
 */
export function readBody(request: IncomingMessage, maxSize: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxSize) return void chunks.push(chunk);
      finish();
      // What is left is read and forgotten, so that the client can read the answer.
      request.resume();
      reject(tooLarge(`The request body is larger than ${maxSize} bytes.`));
    };
    const onEnd = () => {
      finish();
      resolve(
        chunks.length === 0 ? EMPTY : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks),
      );
    };
    const onClose = () => {
      finish();
      reject(badRequest('The request ended before its body was complete.'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
