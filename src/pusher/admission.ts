import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import type { Connection } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { inBackground } from '../scaling/awaitable.js';
import { StateStore } from '../scaling/state-store.js';
import { withDeadline } from '../deadline.js';
import { Drain } from './drain.js';
import { isOriginAllowed } from './origin.js';
import { ClosingError, PusherErrorCode } from './protocol/pusher-error.js';
import { connectionEstablished } from './protocol/server-frame.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';
import { TrafficLog } from './traffic.log.js';

/** What a client brought along when it connected. */
export interface ConnectRequest {
  /**
   * The application its key belongs to; an error if that could not be found out, a {@link ClosingError}
   * if it was not even asked for.
   */
  readonly application: Application | undefined | Error;
  /** The `protocol` parameter as it came. */
  readonly protocol: string | undefined;
  readonly isSecure: boolean;
  readonly origin: string | undefined;
  /** Of the upgrade request. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

const OLDEST_PROTOCOL = 5;
const NEWEST_PROTOCOL = 7;

/** Decides who may connect (protocol, section 1). */
@Injectable()
export class Admission {
  private readonly logger = new Logger(Admission.name);

  constructor(
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
    private readonly drain: Drain,
    private readonly registry: ConnectionRegistry,
    private readonly state: StateStore,
    private readonly traffic: TrafficLog,
    private readonly extensions: ExtensionRegistry,
  ) {}

  /**
   * Welcomes a connection, or throws why it is refused.
   * @throws ClosingError, and what extensions refuse it with
   */
  async admit(connection: Connection, request: ConnectRequest): Promise<void> {
    const application = this.check(request);
    const { beforeConnect, onConnected } = this.extensions.hooks;
    if (beforeConnect !== null) {
      const { socketId, client } = connection;
      const { url, headers, isSecure } = request;
      await beforeConnect.ask({ application, socketId, client, url, headers, isSecure });
    }
    const limit = application.maxConnections;
    const { socketId } = connection;
    const counted = this.state.openConnection(application.id, socketId, limit);
    const isWithinQuota =
      counted instanceof Promise
        ? await withDeadline(counted, this.options.handshakeTimeoutSeconds * 1000)
        : counted;
    if (!isWithinQuota) {
      throw refusal(PusherErrorCode.OVER_QUOTA, 'Application is over connection quota');
    }
    const late = this.lateFault(connection);
    if (late !== undefined) {
      inBackground(this.state.closeConnection(application.id, socketId), this.logger);
      throw late;
    }
    this.registry.add(connection, application);
    this.traffic.opened(connection);
    connection.write(connectionEstablished(socketId, application.activityTimeoutSeconds));
    connection.establish();
    onConnected?.tell({ application, connection });
  }

  /** Why a connection cannot be had after all; the store may have taken its time to count it. */
  private lateFault(connection: Connection): ClosingError | undefined {
    const { maxConnections } = this.options;
    if (this.drain.isDraining) return closing();
    const isFull = maxConnections > 0 && this.registry.size >= maxConnections;
    return isFull || !connection.isOpen
      ? refusal(PusherErrorCode.OVER_CAPACITY, 'Over capacity')
      : undefined;
  }

  private check({ application, protocol, isSecure, origin }: ConnectRequest): Application {
    if (this.drain.isDraining) throw closing();
    if (application instanceof Error) throw application;
    if (application === undefined) {
      throw refusal(PusherErrorCode.UNKNOWN_APPLICATION, 'Application does not exist');
    }
    if (!application.enabled) {
      throw refusal(PusherErrorCode.APPLICATION_DISABLED, 'Application is disabled');
    }
    if (application.tlsOnly && !isSecure) {
      throw refusal(
        PusherErrorCode.TLS_REQUIRED,
        'Application only accepts SSL connections, reconnect using wss://',
      );
    }
    checkProtocol(protocol);
    if (!isOriginAllowed(origin, application.allowedOrigins)) {
      throw refusal(PusherErrorCode.UNAUTHORIZED, 'Origin not allowed');
    }
    return application;
  }
}

function checkProtocol(protocol: string | undefined): void {
  if (protocol === undefined) return;
  if (!/^-?\d+$/.test(protocol)) {
    throw refusal(PusherErrorCode.INVALID_VERSION, 'Invalid version string format');
  }
  const version = Number(protocol);
  if (version < OLDEST_PROTOCOL || version > NEWEST_PROTOCOL) {
    throw refusal(PusherErrorCode.UNSUPPORTED_VERSION, 'Unsupported protocol version');
  }
}

const closing = () =>
  refusal(PusherErrorCode.OVER_CAPACITY, 'Server is closing. Please reconnect shortly.');

const refusal = (code: number, sentence: string) => new ClosingError(code, sentence);
