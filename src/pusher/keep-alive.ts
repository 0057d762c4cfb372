import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { ConnectionMonitor, type KeepAlivePolicy } from '../connections/connection.monitor.js';
import { PING_FRAME } from '../connections/frame.js';
import { PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { errorFrame, PING } from './protocol/server-frame.js';

const DEAD = new PusherError(PusherErrorCode.PONG_NOT_RECEIVED, 'Pong reply not received in time');
const UNAUTHORIZED = new PusherError(
  PusherErrorCode.UNAUTHORIZED,
  'Connection not authorized within timeout.',
);
const DEAD_FRAME = errorFrame(DEAD);
const UNAUTHORIZED_FRAME = errorFrame(UNAUTHORIZED);

/** Asks silent connections for a sign of life, and closes those that give none (protocol, section 3). */
@Injectable()
export class KeepAlive implements KeepAlivePolicy, OnApplicationBootstrap {
  constructor(private readonly monitor: ConnectionMonitor) {}

  onApplicationBootstrap(): void {
    this.monitor.start(this);
  }

  onSilent(connection: Connection): void {
    connection.write(connection.usesControlFrames ? PING_FRAME : PING);
  }

  onDead(connection: Connection): void {
    connection.close(DEAD.code, DEAD.message, DEAD_FRAME);
  }

  onUnauthorized(connection: Connection): void {
    connection.close(UNAUTHORIZED.code, UNAUTHORIZED.message, UNAUTHORIZED_FRAME);
  }
}
