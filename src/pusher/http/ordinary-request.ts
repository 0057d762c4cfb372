import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What offers an upgrade. Without it the request is an ordinary one. */
const OFFER_HEADERS: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

/** Whether a request wants a WebSocket, and not just offers something a server is free to ignore. */
export function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Serves a request that only offered an upgrade as the ordinary request it is. Some HTTP clients
 * offer HTTP/2 (`h2c`) with every request, and as somebody listens for upgrades Node hands those
 * over, too. They go back to the server as they came, but for the offer.
 */
export function serveAsOrdinary(
  server: Server,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!OFFER_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}
