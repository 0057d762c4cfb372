import { Logger, UseFilters } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { Connection } from '../connections/connection.js';
import { TrafficCounters } from '../connections/traffic-counters.js';
import { HookFault } from '../extensions/hook-call.js';
import type { Awaitable } from '../scaling/awaitable.js';
import { Admission, type ConnectRequest } from './admission.js';
import { ClientEventService } from './client-event.service.js';
import { isHostRefusal } from './host-refusal.js';
import { ANY_CLIENT_EVENT } from './message.router.js';
import type {
  ClientEventMessage,
  SigninMessage,
  SubscribeMessage as Subscribe,
  UnsubscribeMessage,
} from './protocol/client-message.js';
import {
  ClosingError,
  isCloseCode,
  PusherError,
  PusherErrorCode,
} from './protocol/pusher-error.js';
import { errorFrame, PONG } from './protocol/server-frame.js';
import { PusherExceptionFilter } from './pusher-exception.filter.js';
import { SubscriptionService } from './subscription.service.js';
import { TrafficLog } from './traffic.log.js';
import { UserService } from './user.service.js';

/** The path that marks the gateway as the one {@link PusherWsAdapter} serves; the prefix comes from the options. */
export const PUSHER_GATEWAY_PATH = '/app/:key';

/** What the connections of the server can ask for. */
@UseFilters(PusherExceptionFilter)
@WebSocketGateway({ path: PUSHER_GATEWAY_PATH })
export class PusherGateway implements OnGatewayConnection<Connection> {
  private readonly logger = new Logger(PusherGateway.name);

  constructor(
    private readonly admission: Admission,
    private readonly subscriptions: SubscriptionService,
    private readonly clientEvents: ClientEventService,
    private readonly users: UserService,
    private readonly traffic: TrafficLog,
    private readonly counters: TrafficCounters,
  ) {}

  /** Total, as nobody catches what it throws. */
  async handleConnection(connection: Connection, request: ConnectRequest): Promise<void> {
    try {
      await this.admission.admit(connection, request);
    } catch (error) {
      const refusal = refusalOf(error) ?? this.unavailable(error);
      this.counters.refusedConnections.add(refusal.code);
      this.traffic.refused(connection, refusal, appIdOf(request));
      connection.close(refusal.closeCode, refusal.message, errorFrame(refusal));
    }
  }

  @SubscribeMessage('pusher:ping')
  ping(connection: Connection): void {
    connection.write(PONG);
  }

  /** That it came is all there is to it. */
  @SubscribeMessage('pusher:pong')
  pong(): void {}

  @SubscribeMessage('pusher:subscribe')
  subscribe(connection: Connection, message: Subscribe): Promise<void> {
    return this.subscriptions.subscribe(connection, message);
  }

  @SubscribeMessage('pusher:unsubscribe')
  unsubscribe(connection: Connection, message: UnsubscribeMessage): void {
    this.subscriptions.unsubscribe(connection, message.channel);
  }

  @SubscribeMessage('pusher:signin')
  signIn(connection: Connection, message: SigninMessage): Promise<void> {
    return this.users.signIn(connection, message);
  }

  @SubscribeMessage(ANY_CLIENT_EVENT)
  clientEvent(connection: Connection, message: ClientEventMessage): Awaitable<void> {
    return this.clientEvents.send(connection, message);
  }

  /** Our fault, and the client may try again: 4100, as stock clients come back from that after a second. */
  private unavailable(error: unknown): ClosingError {
    if (!(error instanceof HookFault)) {
      this.logger.error('A connection could not be admitted', error);
    }
    const sentence = 'Server cannot take connections now. Please reconnect shortly.';
    return new ClosingError(PusherErrorCode.OVER_CAPACITY, sentence);
  }
}

function appIdOf({ application }: ConnectRequest): string | undefined {
  return application instanceof Error ? undefined : application?.id;
}

/** Says no to a connection in the way an extension wants it; undefined for what is no refusal. */
function refusalOf(error: unknown): ClosingError | undefined {
  if (error instanceof ClosingError) return error;
  if (error instanceof PusherError) {
    const closeCode = isCloseCode(error.code) ? error.code : PusherErrorCode.UNAUTHORIZED;
    return new ClosingError(error.code, error.message, closeCode);
  }
  return isHostRefusal(error)
    ? new ClosingError(PusherErrorCode.UNAUTHORIZED, error.message)
    : undefined;
}
