import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { ChannelManager } from '../channels/channel.manager.js';
import type { Connection } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { placesOf } from '../webhooks/webhook-place.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';

/**
 * When the webhooks of an application change, shows them who is there already: or a channel would be
 * vacated as soon as those are gone who came later.
 */
@Injectable()
export class FoundPlaces {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly channels: ChannelManager,
    private readonly webhooks: WebhookReporter,
  ) {
    registry.onRefreshed((application, former) => {
      const isChanged = !isDeepStrictEqual(application.webhooks, former.webhooks);
      if (isChanged && application.webhooks.length > 0) this.showAll(application);
    });
  }

  private showAll(application: Application): void {
    for (const connection of this.registry.of(application.id)) this.show(application, connection);
  }

  private show(application: Application, connection: Connection): void {
    const { socketId, user } = connection;
    for (const { channel, member } of this.channels.subscriptionsOf(connection)) {
      for (const place of placesOf(channel.name, member?.userId)) {
        this.webhooks.found(application, place, socketId);
      }
    }
    if (user === undefined) return;
    this.webhooks.found(application, { kind: 'user', userId: user.id }, socketId);
  }
}
