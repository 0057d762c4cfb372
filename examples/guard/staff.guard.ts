import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { Connection } from 'revurb';

/** What a guard gets to see of a message. */
interface ClientMessage {
  readonly event: string;
  readonly channel?: string;
}

/**
 * Lets only those who signed in talk to others, and keeps the channels of the staff for the staff. It
 * is a guard like any other: registered for the whole application, it is asked about the messages of
 * Pusher clients as it is about requests and about other gateways.
 */
@Injectable()
export class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'ws') return true;
    const client = context.switchToWs().getClient<Connection>();
    const { event, channel = '' } = context.switchToWs().getData<ClientMessage>();
    if (event.startsWith('client-') && client.user === undefined) {
      throw new WsException('Sign in before you talk to others.');
    }
    const isStaff = client.user?.id.startsWith('staff-') ?? false;
    if (event === 'pusher:subscribe' && channel.startsWith('private-staff-') && !isStaff) {
      throw new WsException('This channel is for the staff.');
    }
    return true;
  }
}
