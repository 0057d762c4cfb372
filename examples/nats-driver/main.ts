import { NestFactory } from '@nestjs/core';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';

const { NATS_SERVERS = '127.0.0.1:4222', PORT = '3000' } = process.env;

const app = await NestFactory.create(HostApplicationModule.forRoot(NATS_SERVERS));
configureServer(app);
app.enableShutdownHooks();
await app.listen(Number(PORT));
