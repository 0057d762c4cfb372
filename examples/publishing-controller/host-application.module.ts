import { Module } from '@nestjs/common';
import { createApplication, RevurbModule } from 'revurb';
import { OrdersController } from './orders.controller.js';
import { RealtimeService } from './realtime.service.js';

/** `RevurbModule` is global: what it exports may be injected here without being imported again. */
@Module({ controllers: [OrdersController], providers: [RealtimeService] })
export class OrdersModule {}

/** A Nest application with the server in it. */
@Module({
  imports: [
    RevurbModule.forRoot({
      applications: [
        createApplication({ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }),
      ],
    }),
    OrdersModule,
  ],
})
export class HostApplicationModule {}
