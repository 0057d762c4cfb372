import { NestFactory } from '@nestjs/core';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';

const { DATABASE = 'applications.sqlite', PORT = '3000' } = process.env;

const app = await NestFactory.create(HostApplicationModule.forRoot(DATABASE));
configureServer(app);
app.enableShutdownHooks();
await app.listen(Number(PORT));
