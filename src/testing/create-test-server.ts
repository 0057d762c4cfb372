import type { AddressInfo } from 'node:net';
import {
  Module,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type LogLevel,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createApplication, type ApplicationDescription } from '../applications/application.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../pusher/pusher.options.js';
import { RevurbModule } from '../revurb.module.js';
import type { RevurbOptions } from '../revurb.options.js';
import { configureServer, type ServerOptions } from '../server.js';
import { PublishedRecord } from './published-record.js';
import { findApplication, TestServer } from './test-server.js';

/** What all servers of tests may be told. */
interface CommonOptions {
  /** Of the application that `TestServer` speaks for; others with `forApplication`. Default `app-id`. */
  readonly appId?: string;
  /** As for `configureServer`. */
  readonly configure?: ServerOptions;
  /** Called before it listens: for a global prefix, pipes, other middleware. */
  readonly beforeListen?: (app: INestApplication) => void | Promise<void>;
}

/** A server that is put together for the test, with modules of yours beside it. */
export interface PutTogetherOptions
  extends CommonOptions, Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'> {
  /** One with id `app-id`, key `app-key` and secret `app-secret` unless something else is given. */
  readonly applications?: readonly ApplicationDescription[];
  /** All else that `RevurbModule.forRoot` takes. */
  readonly revurb?: Omit<RevurbOptions, 'applications'>;
  /** Fastify's if it is not given. */
  readonly httpAdapter?: AbstractHttpAdapter;
  /** Warnings and errors if it is not given. */
  readonly logger?: LoggerService | LogLevel[] | false;
}

/** A module of yours that imports `RevurbModule` itself. */
export interface OwnModuleOptions
  extends CommonOptions, Pick<PutTogetherOptions, 'httpAdapter' | 'logger'> {
  readonly module: Type | DynamicModule;
}

/** A Nest application that has `RevurbModule` in it: made by `@nestjs/testing` perhaps, and not initialised. */
export interface OwnApplicationOptions extends CommonOptions {
  readonly app: INestApplication;
}

/** How a server of a test comes about. */
export type TestServerOptions = PutTogetherOptions | OwnModuleOptions | OwnApplicationOptions;

const DEFAULT_APPLICATION: ApplicationDescription = {
  id: 'app-id',
  keys: [{ key: 'app-key', secret: 'app-secret' }],
};

/**
 * Starts a whole server in this process, on a free port of 127.0.0.1, and remembers what it publishes.
 * Needs no test runner, and works in any.
 *
 * ```ts
 * const server = await createTestServer({ imports: [OrdersModule] });
 * const client = await server.connect();
 * await client.subscribe('orders');
 * await server.app.get(OrderService).place({ id: 7 });
 * await server.expectPublished('orders', 'placed', { id: 7 });
 * await client.expectEvent('placed');
 * await server.close();
 * ```
 *
 * Time may be that of fake timers, if they are there before the server is: see docs/extending.md.
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const app = 'app' in options ? options.app : await createHost(options);
  try {
    return await serve(app, options);
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function serve(app: INestApplication, options: TestServerOptions): Promise<TestServer> {
  const record = new PublishedRecord();
  app.get(ExtensionRegistry, { strict: false }).observe('onPublished', (published) => {
    record.add(published);
  });
  configureServer(app, options.configure);
  await options.beforeListen?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const { path } = app.get<PusherOptions>(PUSHER_OPTIONS, { strict: false });
  const application = await findApplication(app, appIdOf(options));
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= stop(app));
  return new TestServer({ app, url: `ws://127.0.0.1:${port}${path}`, record, close }, application);
}

/** Nobody has to be waited for whose connection is dropped. */
function stop(app: INestApplication): Promise<void> {
  const registry = app.get(ConnectionRegistry, { strict: false });
  for (const connection of [...registry, ...registry.closing]) connection.terminate();
  return app.close();
}

function createHost(options: PutTogetherOptions | OwnModuleOptions): Promise<INestApplication> {
  const { httpAdapter = new FastifyAdapter(), logger = ['warn', 'error', 'fatal'] } = options;
  const module = 'module' in options ? options.module : putTogether(options);
  return NestFactory.create(module, httpAdapter, { logger, abortOnError: false });
}

function putTogether(options: PutTogetherOptions): DynamicModule {
  const { applications = [DEFAULT_APPLICATION], revurb = {}, imports = [] } = options;
  const { controllers = [], providers = [] } = options;
  return {
    module: TestHostModule,
    imports: [
      RevurbModule.forRoot({ ...revurb, applications: applications.map(createApplication) }),
      ...imports,
    ],
    controllers,
    providers,
  };
}

function appIdOf(options: TestServerOptions): string {
  const [first = DEFAULT_APPLICATION] = ('applications' in options && options.applications) || [];
  return options.appId ?? first.id;
}

@Module({})
class TestHostModule {}
