import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';
import { setUp } from './set-up.js';

const app = await NestFactory.create<NestFastifyApplication>(
  HostApplicationModule,
  new FastifyAdapter(),
);
setUp(app);
// Nothing in this application looks at requests before their route does, so publishes may pass it by.
configureServer(app, { hasFastLane: true });
app.enableShutdownHooks();
await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' });
