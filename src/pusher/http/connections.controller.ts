import { Controller, Get, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { MetricsHandler } from '../../metrics/metrics.handler.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { ROUTE_ROOT } from './api-routes.js';
import { PartialAnswer } from './partial-answer.js';
import { Signed, type SignedRequest } from './api-request.js';
import { SignatureGuard } from './signature.guard.js';

/** Counting connections: `GET /apps/{id}/connections`. */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: `${ROUTE_ROOT}/apps/:appId/connections`, version: VERSION_NEUTRAL })
export class ConnectionsController {
  constructor(
    private readonly metrics: MetricsHandler,
    private readonly partial: PartialAnswer,
  ) {}

  /** Every open connection of the application. */
  @Get()
  async count(@Signed() request: SignedRequest): Promise<object> {
    const connections = await this.partial.of(request, () =>
      this.metrics.connections(request.application.id),
    );
    return { connections };
  }
}
