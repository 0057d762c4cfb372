import { All, Controller, HttpCode, Req, UseFilters, VERSION_NEUTRAL } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { ApiError, methodNotAllowed, noSuchPath } from './api-error.js';
import { apiRequestOf } from './api-request.js';
import { FALLBACK_PATH, findRoute, ROUTE_ROOT } from './api-routes.js';

/**
 * Answers what is no call of the API: 405 for a call with another method, 426 for the path of the
 * WebSocket, else 404.
 */
@UseFilters(ApiExceptionFilter)
@Controller({ path: ROUTE_ROOT, version: VERSION_NEUTRAL })
export class FallbackController {
  @All(FALLBACK_PATH)
  @HttpCode(204)
  refuse(@Req() request: IncomingMessage & { raw?: IncomingMessage }): void {
    const raw = request.raw ?? request;
    const segments = apiRequestOf(raw)?.segments ?? [];
    if (segments[0] === 'app' && segments.length === 2) {
      throw new ApiError(426, 'Connect to this path with a WebSocket.', { Upgrade: 'websocket' });
    }
    const route = findRoute(segments);
    if (route === undefined) throw noSuchPath();
    if (raw.method === 'OPTIONS' && raw.headers['access-control-request-method'] !== undefined) {
      return;
    }
    throw methodNotAllowed(route.method);
  }
}
