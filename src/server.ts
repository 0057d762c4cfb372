import type { INestApplication } from '@nestjs/common';
import { FrontDoor } from './pusher/http/front-door.js';
import { PusherWsAdapter } from './pusher/pusher-ws.adapter.js';

/**
 * Makes a Nest application serve Pusher clients and backends on its HTTP port, beside whatever else
 * it does, under Express as under Fastify. Call it once, before `app.listen()` or `app.init()`.
 */
export function configureServer(app: INestApplication): void {
  app.useWebSocketAdapter(new PusherWsAdapter(app));
  app.get(FrontDoor, { strict: false }).open(app.getHttpServer(), () => globalPrefixOf(app));
}

/** Nest tells nobody the global prefix, which may still be set after this; its own modules look here. */
function globalPrefixOf(app: INestApplication): string {
  const { config } = app as { config?: { getGlobalPrefix?(): string } };
  const prefix = config?.getGlobalPrefix?.().replace(/^\/|\/$/g, '') ?? '';
  return prefix === '' ? '' : `/${prefix}`;
}
