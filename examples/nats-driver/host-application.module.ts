import { Module, type DynamicModule } from '@nestjs/common';
import { createApplication, RevurbModule, type RevurbOptions } from 'revurb';
import { NatsModule } from './nats.module.js';
import { NatsPubSubProvider } from './nats-pub-sub.provider.js';
import { NatsStateStore } from './nats-state-store.js';

/** A Nest application of which any number of processes are one server. */
@Module({})
export class HostApplicationModule {
  /**
   * @param servers of NATS, `host:port`
   * @param server what else the server is told
   */
  static forRoot(servers: string, server: RevurbOptions['server'] = {}): DynamicModule {
    return {
      module: HostApplicationModule,
      imports: [
        RevurbModule.forRoot({
          applications: [
            createApplication({ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }),
          ],
          server,
          scaling: { enabled: true, driver: 'nats' },
          scalingDrivers: { nats: { pubSub: NatsPubSubProvider, stateStore: NatsStateStore } },
          imports: [NatsModule.forRoot({ servers })],
        }),
      ],
    };
  }
}
