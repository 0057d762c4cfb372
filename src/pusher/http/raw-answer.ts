import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SECURITY_HEADER_LINES } from '../../security-headers.js';

/**
 * Answers on a socket that no HTTP response belongs to, in the form of all refusals, and hangs up.
 * @param headers whole lines, each with its line break
 */
export function answerAndHangUp(
  socket: Socket,
  status: number,
  sentence: string,
  headers = '',
): void {
  const body = JSON.stringify({ error: sentence });
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${headers}${SECURITY_HEADER_LINES}` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
