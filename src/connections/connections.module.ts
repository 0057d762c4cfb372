import { Module } from '@nestjs/common';
import { CoarseClock } from './coarse-clock.js';
import { ConnectionMonitor } from './connection.monitor.js';
import { ConnectionRegistry } from './connection.registry.js';
import { FlushQueue } from './delivery/flush-queue.js';
import { SocketIdGenerator } from './socket-id.js';

/** The connections of this node, and how frames reach them. */
@Module({
  providers: [
    ConnectionMonitor,
    ConnectionRegistry,
    { provide: CoarseClock, useFactory: () => new CoarseClock() },
    { provide: FlushQueue, useFactory: () => new FlushQueue() },
    { provide: SocketIdGenerator, useFactory: () => new SocketIdGenerator() },
  ],
  exports: [CoarseClock, ConnectionMonitor, ConnectionRegistry, FlushQueue, SocketIdGenerator],
})
export class ConnectionsModule {}
