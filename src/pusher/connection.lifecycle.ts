import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { OTHER_CODE } from '../connections/application-counters.js';
import { CoarseClock } from '../connections/coarse-clock.js';
import type { Connection, ConnectionEnvironment } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import type { DirectWriter } from '../connections/delivery/direct-write.js';
import { directWriterOfProcess } from '../connections/delivery/direct-write.detection.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { inBackground } from '../scaling/awaitable.js';
import { StateStore } from '../scaling/state-store.js';
import { MessageRouter } from './message.router.js';
import { PusherErrorCode } from './protocol/pusher-error.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';
import { SubscriptionService } from './subscription.service.js';
import { TrafficLog } from './traffic.log.js';
import { UserService } from './user.service.js';

/** The codes of the protocol, and of RFC 6455 where they say something. */
const CLOSE_CODES: ReadonlySet<number> = new Set(
  [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011].concat(
    Object.values(PusherErrorCode),
  ),
);

/** What happens to every connection of the server: what it sends, that it is slow, that it goes. */
@Injectable()
export class ConnectionLifecycle implements ConnectionEnvironment, OnModuleInit {
  private readonly logger = new Logger(ConnectionLifecycle.name);
  readonly maxOutboxSize: number;
  directWriter: DirectWriter | null = null;
  /** Connections closed because they did not read what was sent to them. */
  slowConsumers = 0;
  /** From clients, since the start. */
  messagesReceived = 0;

  constructor(
    readonly clock: CoarseClock,
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
    private readonly router: MessageRouter,
    private readonly registry: ConnectionRegistry,
    private readonly subscriptions: SubscriptionService,
    private readonly users: UserService,
    private readonly state: StateStore,
    private readonly traffic: TrafficLog,
    private readonly extensions: ExtensionRegistry,
  ) {
    this.maxOutboxSize = options.maxOutboxSize;
  }

  async onModuleInit(): Promise<void> {
    if (!this.options.directWrites) return;
    this.directWriter = await directWriterOfProcess();
    if (this.directWriter === null) {
      this.logger.warn('Direct writes do not work on this Node, broadcasts take the slower path');
    }
  }

  onMessage(connection: Connection, message: Buffer): Promise<void> | undefined {
    this.messagesReceived++;
    return this.router.route(connection, message);
  }

  /** Closes a slow consumer, but not in the middle of the fan-out that noticed. */
  onOverflow(connection: Connection): void {
    this.slowConsumers++;
    const { socketId, unsentBytes } = connection;
    this.logger.debug('A slow consumer is closed', { socketId, unsentBytes });
    if (connection.scope !== undefined) {
      const { application, counters } = connection;
      counters.slowConsumers++;
      this.extensions.hooks.onSlowConsumer?.tell({ application, connection, unsentBytes });
    }
    setImmediate(() => connection.close(PusherErrorCode.OVER_CAPACITY, 'Slow consumer'));
  }

  onClosing(connection: Connection, code: number, reason: string): void {
    this.traffic.closed(connection, code);
    if (connection.phase === 'closing') this.registry.closing.add(connection);
    if (connection.scope === undefined) return;
    const { application, socketId, counters } = connection;
    counters.closed.add(CLOSE_CODES.has(code) ? code : OTHER_CODE);
    this.subscriptions.unsubscribeAll(connection);
    this.users.signOut(connection);
    this.registry.remove(connection);
    inBackground(this.state.closeConnection(application.id, socketId), this.logger);
    this.extensions.hooks.onDisconnected?.tell({
      application,
      connection,
      code,
      reason,
      durationMs: this.clock.advance() - connection.openedAtMs,
    });
  }

  onClosed(connection: Connection): void {
    this.registry.closing.delete(connection);
  }
}
