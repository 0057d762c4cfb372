import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import {
  createApplication,
  type ApplicationDescription,
} from '../../src/applications/application.js';
import { CoarseClock } from '../../src/connections/coarse-clock.js';
import { Connection, type ConnectionEnvironment } from '../../src/connections/connection.js';

/** A clock that is set by hand. */
export class FakeClock extends CoarseClock {
  override advance(): number {
    return this.nowMs;
  }
}

/** An application with defaults for all it is not told. */
export const fakeApplication = (description: Partial<ApplicationDescription> = {}) =>
  createApplication({ id: 'app', keys: [{ key: 'key', secret: 'secret' }], ...description });

/** A connection without a client: what is written to it is kept. */
export interface FakeConnection {
  readonly connection: Connection;
  readonly written: Buffer[];
}

/** What fake connections share, unless told otherwise. */
export function fakeEnvironment(
  overrides: Partial<ConnectionEnvironment> = {},
): ConnectionEnvironment {
  return {
    clock: new FakeClock(),
    directWriter: null,
    maxOutboxSize: Infinity,
    onMessage: () => undefined,
    onOverflow: () => {},
    onClosing: () => {},
    onClosed: () => {},
    ...overrides,
  };
}

/** Makes a connection that nobody is at the other end of. */
export function fakeConnection(
  socketId: string,
  environment: ConnectionEnvironment = fakeEnvironment(),
): FakeConnection {
  const written: Buffer[] = [];
  const webSocket = {
    readyState: WebSocket.OPEN as number,
    close() {
      this.readyState = WebSocket.CLOSED;
    },
    terminate() {
      this.readyState = WebSocket.CLOSED;
    },
    pause: () => {},
    resume: () => {},
  };
  const socket = {
    writableLength: 0,
    write: (bytes: Buffer) => written.push(bytes),
    destroy: () => {},
  };
  const client = { library: 'js', version: '8.6.0', address: '127.0.0.1', origin: undefined };
  const connection = new Connection(
    socketId,
    client,
    webSocket as unknown as WebSocket,
    socket as unknown as Socket,
    environment,
  );
  return { connection, written };
}
