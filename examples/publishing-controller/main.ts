import { NestFactory } from '@nestjs/core';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';

const app = await NestFactory.create(HostApplicationModule);
configureServer(app);
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000));
