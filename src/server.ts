import type { INestApplication } from '@nestjs/common';
import { FrontDoor } from './pusher/http/front-door.js';
import { PusherWsAdapter } from './pusher/pusher-ws.adapter.js';

/** How the server is joined to a Nest application. */
export interface ServerOptions {
  /**
   * Serves publishes ahead of the framework, which halves what they cost. Nothing of the application
   * sees these requests then, neither middleware nor guards nor interceptors. Off unless given.
   */
  readonly hasFastLane?: boolean;
}

/**
 * Makes a Nest application serve Pusher clients and backends on its HTTP port, beside whatever else
 * it does, under Express as under Fastify. Call it once, before `app.listen()` or `app.init()`.
 */
export function configureServer(
  app: INestApplication,
  { hasFastLane = false }: ServerOptions = {},
): void {
  app.useWebSocketAdapter(new PusherWsAdapter(app));
  const frontDoor = app.get(FrontDoor, { strict: false });
  frontDoor.open(app.getHttpServer(), () => globalPrefixOf(app), { hasFastLane });
}

/** Nest tells nobody the global prefix, which may still be set after this; its own modules look here. */
function globalPrefixOf(app: INestApplication): string {
  const { config } = app as { config?: { getGlobalPrefix?(): string } };
  const prefix = config?.getGlobalPrefix?.().replace(/^\/|\/$/g, '') ?? '';
  return prefix === '' ? '' : `/${prefix}`;
}
