import type { AddressInfo } from 'node:net';
import {
  Module,
  type DynamicModule,
  type INestApplication,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { configureServer, createApplication, RevurbModule } from '../../src/index.js';
import type { RevurbOptions, ServerOptions } from '../../src/index.js';
import { registerForClose } from './eventually.js';
import { TEST_APPLICATION } from './test-application.js';
import { LogRecord } from './test-server.js';

/** The platforms of Nest an application may run on. */
export type Platform = 'Express' | 'Fastify';

/** What the host has beside the server. */
export interface HostOptions {
  revurb?: Partial<RevurbOptions>;
  /** Instead of one made of `revurb`; its path must be `/realtime`. */
  revurbModule?: DynamicModule;
  controllers?: Type[];
  providers?: Provider[];
  imports?: ModuleMetadata['imports'];
  /** For `configureServer`. */
  server?: ServerOptions;
  /** Called before the host listens. */
  configure?: (app: INestApplication) => void;
  /** Imports the server before the module of the host's own routes, or after it. Default true. */
  importsServerFirst?: boolean;
}

/** A Nest application that imports the server, on a free port of 127.0.0.1. Closed by `closeAll()`. */
export async function startHost(platform: Platform, options: HostOptions = {}) {
  const { revurb = {}, controllers = [], providers = [], imports = [] } = options;
  const { importsServerFirst = true } = options;
  const { appId: id, key, secret } = TEST_APPLICATION;
  const server = { path: '/realtime', shutdownDrainSeconds: 0, ...revurb.server };
  const revurbModule =
    options.revurbModule ??
    RevurbModule.forRoot({
      applications: [createApplication({ id, keys: [{ key, secret }] })],
      ...revurb,
      server,
    });

  @Module({ imports, controllers, providers })
  class OwnModule {}

  @Module({ imports: importsServerFirst ? [revurbModule, OwnModule] : [OwnModule, revurbModule] })
  class HostModule {}

  const logs = new LogRecord();
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(HostModule, adapter, { logger: logs, abortOnError: false });
  configureServer(app, options.server);
  options.configure?.(app);
  await app.listen(0, '127.0.0.1');
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= app.close());
  registerForClose(close);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const own = `127.0.0.1:${port}`;
  return {
    app,
    port,
    /** The host's own root. */
    ownUrl: `http://${own}`,
    url: `ws://${own}${server.path}`,
    httpUrl: `http://${own}${server.path}`,
    ...TEST_APPLICATION,
    logs,
    close,
  };
}
