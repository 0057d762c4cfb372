import { NestFactory } from '@nestjs/core';
import { configureServer } from 'revurb';
import { HostApplicationModule } from './host-application.module.js';

const { AUDIT_FILE = 'audit.jsonl', PORT = '3000' } = process.env;

const app = await NestFactory.create(HostApplicationModule.forRoot(AUDIT_FILE));
configureServer(app);
app.enableShutdownHooks();
await app.listen(Number(PORT));
