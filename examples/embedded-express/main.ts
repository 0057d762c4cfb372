import { NestFactory } from '@nestjs/core';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';
import { setUp } from './set-up.js';

const app = await NestFactory.create(HostApplicationModule);
setUp(app);
configureServer(app);
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000));
