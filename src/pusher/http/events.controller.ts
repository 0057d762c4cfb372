import { Controller, HttpCode, Post, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { Header, IDEMPOTENCY_HEADER, Signed, type SignedRequest } from './api-request.js';
import { ROUTE_ROOT } from './api-routes.js';
import { PublishService } from './publish.service.js';
import { SignatureGuard } from './signature.guard.js';

/** Publishing: `POST /apps/{id}/events` and `POST /apps/{id}/batch_events`. */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: `${ROUTE_ROOT}/apps/:appId`, version: VERSION_NEUTRAL })
export class EventsController {
  constructor(private readonly publishing: PublishService) {}

  /** Publishes one event to one or more channels. */
  @Post('events')
  @HttpCode(200)
  async publish(
    @Signed() request: SignedRequest,
    @Header(IDEMPOTENCY_HEADER) key: string | undefined,
  ): Promise<object> {
    return this.publishing.publish(request, key);
  }

  /** Publishes several events, all or none of them. */
  @Post('batch_events')
  @HttpCode(200)
  async publishBatch(
    @Signed() request: SignedRequest,
    @Header(IDEMPOTENCY_HEADER) key: string | undefined,
  ): Promise<object> {
    return this.publishing.publishBatch(request, key);
  }
}
