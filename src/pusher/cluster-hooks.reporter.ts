import { Injectable } from '@nestjs/common';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { ClusterService } from '../scaling/cluster.service.js';
import type { MembersChange } from '../scaling/state-store.js';
import { WebhookReporter, type ChannelListener } from '../webhooks/webhook.reporter.js';

/** Tells extensions who comes and goes in the cluster, on the one node that learns of it first. */
@Injectable()
export class ClusterHooksReporter implements ChannelListener {
  constructor(
    cluster: ClusterService,
    webhooks: WebhookReporter,
    private readonly extensions: ExtensionRegistry,
  ) {
    cluster.onLearnt({
      members: (change) => this.tellMembers(change),
      userStatus: (appId, userId, isOnline) => this.tellUser(appId, userId, isOnline),
    });
    webhooks.listen(this);
  }

  get isListening(): boolean {
    const { onChannelOccupied, onChannelVacated } = this.extensions.hooks;
    return onChannelOccupied !== null || onChannelVacated !== null;
  }

  onChannel(appId: string, channel: string, isOccupied: boolean): void {
    const { onChannelOccupied, onChannelVacated } = this.extensions.hooks;
    (isOccupied ? onChannelOccupied : onChannelVacated)?.tell({ appId, channel });
  }

  private tellMembers({ appId, channel, left, joined }: MembersChange): void {
    const { onMemberAdded, onMemberRemoved } = this.extensions.hooks;
    if (onMemberRemoved !== null) {
      for (const userId of left) onMemberRemoved.tell({ appId, channel, userId });
    }
    if (onMemberAdded !== null) {
      for (const member of joined) onMemberAdded.tell({ appId, channel, member });
    }
  }

  private tellUser(appId: string, userId: string, isOnline: boolean): void {
    const { onUserOnline, onUserOffline } = this.extensions.hooks;
    (isOnline ? onUserOnline : onUserOffline)?.tell({ appId, userId });
  }
}
