import { Module } from '@nestjs/common';
import { TracingModule } from '../tracing/tracing.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { ChannelManager } from './channel.manager.js';

/** The channels of this node. */
@Module({
  imports: [ConnectionsModule, TracingModule],
  providers: [ChannelManager],
  exports: [ChannelManager],
})
export class ChannelsModule {}
