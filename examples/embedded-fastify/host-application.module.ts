import { Module } from '@nestjs/common';
import { createApplication, RevurbModule } from 'revurb';
import { ShopModule } from './shop.module.js';

/** The application, with the server below a prefix of its own. */
@Module({
  imports: [
    ShopModule,
    RevurbModule.forRoot({
      applications: [
        createApplication({ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }),
      ],
      server: { path: '/realtime' },
    }),
  ],
})
export class HostApplicationModule {}
