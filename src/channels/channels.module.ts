import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { ChannelManager } from './channel.manager.js';

/** The channels of this node. */
@Module({
  imports: [ConnectionsModule],
  providers: [ChannelManager],
  exports: [ChannelManager],
})
export class ChannelsModule {}
