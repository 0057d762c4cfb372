import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { createApplication, RevurbModule } from 'revurb';
import { StaffGuard } from './staff.guard.js';

/** A Nest application with the server in it, and a guard for all of it. */
@Module({
  imports: [
    RevurbModule.forRoot({
      applications: [
        createApplication({ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }),
      ],
    }),
  ],
  providers: [{ provide: APP_GUARD, useClass: StaffGuard }],
})
export class HostApplicationModule {}
