import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Connection } from './connection.js';
import { ConnectionRegistry } from './connection.registry.js';
import { CoarseClock } from './coarse-clock.js';

/** What to do with a connection that is due. */
export interface KeepAlivePolicy {
  /** It has been silent for its ping interval: ask for a sign of life. */
  onSilent(connection: Connection): void;
  /** It gave none within its activity timeout. */
  onDead(connection: Connection): void;
  /** It neither signed in nor joined a channel that needs it in time. */
  onUnauthorized(connection: Connection): void;
}

/** A sweep comes this many times in the shortest interval, so that all are kept to a tenth. */
const SWEEPS_PER_INTERVAL = 20;
const MIN_TICK_MS = 20;
const MAX_TICK_MS = 1000;
/** While there is nobody, and so no interval to go by. */
const IDLE_TICK_MS = 200;

/** Watches over all connections with one timer: a sweep over plain fields, no timer per connection. */
@Injectable()
export class ConnectionMonitor implements OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private policy: KeepAlivePolicy | undefined;

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly clock: CoarseClock,
  ) {}

  start(policy: KeepAlivePolicy): void {
    this.policy = policy;
    this.schedule(IDLE_TICK_MS);
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.policy = undefined;
  }

  /** Looks at every connection once. @returns the shortest interval met, in milliseconds */
  sweep(): number {
    const nowMs = this.clock.advance();
    let shortestMs = Infinity;
    for (const connection of this.registry) {
      shortestMs = Math.min(shortestMs, this.check(connection, nowMs));
    }
    return shortestMs;
  }

  private check(connection: Connection, nowMs: number): number {
    const { application } = connection;
    const pingMs = application.pingIntervalSeconds * 1000;
    const timeoutMs = application.activityTimeoutSeconds * 1000;
    if (connection.phase === 'established' && this.policy !== undefined) {
      if (connection.pingedAtMs !== 0) {
        if (nowMs - connection.pingedAtMs >= timeoutMs) this.policy.onDead(connection);
      } else if (nowMs - connection.lastActivityMs >= pingMs) {
        connection.pingedAtMs = nowMs;
        this.policy.onSilent(connection);
      }
      if (application.authorizedConnections && !connection.isAuthorized) {
        const limitMs = application.authorizationTimeoutSeconds * 1000;
        if (nowMs - connection.openedAtMs >= limitMs) this.policy.onUnauthorized(connection);
      }
    }
    return Math.min(pingMs, timeoutMs);
  }

  /** After a stall the sockets are read before anybody is judged: their signs of life may be waiting there. */
  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.clock.advance();
      setImmediate(() => this.tick());
    }, delayMs).unref();
  }

  private tick(): void {
    if (this.policy === undefined) return;
    const shortestMs = this.sweep();
    const tickMs = shortestMs / SWEEPS_PER_INTERVAL;
    const isIdle = shortestMs === Infinity;
    this.schedule(isIdle ? IDLE_TICK_MS : Math.max(MIN_TICK_MS, Math.min(MAX_TICK_MS, tickMs)));
  }
}
