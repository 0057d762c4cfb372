import { Injectable } from '@nestjs/common';
import {
  PusherExtension,
  type Connected,
  type Disconnected,
  type OnConnected,
  type OnDisconnected,
  type OnPublished,
  type OnSubscribed,
  type Published,
  type Subscribed,
} from 'revurb';
import { AuditLog } from './audit-log.js';

/** Writes down who connects, who hears what, and what is published: never the data itself. */
@Injectable()
@PusherExtension()
export class AuditExtension implements OnConnected, OnSubscribed, OnPublished, OnDisconnected {
  constructor(private readonly log: AuditLog) {}

  onConnected({ application, connection }: Connected): Promise<void> {
    const { socketId, client } = connection;
    const { address, library } = client;
    return this.log.write({ what: 'connected', app: application.id, socketId, address, library });
  }

  onSubscribed({ connection, channel, member }: Subscribed): Promise<void> {
    const { socketId } = connection;
    return this.log.write({ what: 'subscribed', socketId, channel, user: member?.userId });
  }

  onPublished({ application, event }: Published): Promise<void> {
    const { name, channels, data } = event;
    const bytes = Buffer.byteLength(data);
    return this.log.write({ what: 'published', app: application.id, name, channels, bytes });
  }

  /** A server that stops waits for this, so the last lines are not lost. */
  onDisconnected({ connection, code }: Disconnected): Promise<void> {
    return this.log.write({ what: 'disconnected', socketId: connection.socketId, code });
  }
}
