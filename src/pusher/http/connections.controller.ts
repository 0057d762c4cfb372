import { Controller, Get, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { MetricsHandler } from '../../metrics/metrics.handler.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { ROUTE_ROOT } from './api-routes.js';
import { Signed, type SignedRequest } from './api-request.js';
import { SignatureGuard } from './signature.guard.js';

/** Counting connections: `GET /apps/{id}/connections`. */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: `${ROUTE_ROOT}/apps/:appId/connections`, version: VERSION_NEUTRAL })
export class ConnectionsController {
  constructor(private readonly metrics: MetricsHandler) {}

  /** Every open connection of the application. */
  @Get()
  async count(@Signed() { application }: SignedRequest): Promise<object> {
    return { connections: await this.metrics.connections(application.id) };
  }
}
