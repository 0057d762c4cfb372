import {
  Controller,
  Get,
  HttpCode,
  Post,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { DeadLetters } from '../../webhooks/dead-letters.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { badRequest } from './api-error.js';
import { Signed, type SignedRequest } from './api-request.js';
import { ROUTE_ROOT } from './api-routes.js';
import { RetryWebhooksDto } from './dto/retry-webhooks.dto.js';
import { SignatureGuard } from './signature.guard.js';
import { parseJsonObject, validate } from './validate.js';

/**
 * Webhook events that could not be delivered: `GET /apps/{id}/webhooks/failed`, and
 * `POST /apps/{id}/webhooks/retry`. No part of Pusher's API.
 */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: `${ROUTE_ROOT}/apps/:appId/webhooks`, version: VERSION_NEUTRAL })
export class WebhooksController {
  constructor(private readonly deadLetters: DeadLetters) {}

  /** The oldest first. */
  @Get('failed')
  async failed(@Signed() { application }: SignedRequest): Promise<object> {
    const letters = await this.deadLetters.list(application);
    return {
      failed: letters.map(({ id, url, event, cause, attempts, atMs, deadMs }) => ({
        id,
        url,
        event: JSON.parse(event) as object,
        cause,
        attempts,
        time_ms: atMs,
        failed_ms: deadMs,
      })),
    };
  }

  /** Sends some of them again, or all. */
  @Post('retry')
  @HttpCode(200)
  async retry(@Signed() { application, body }: SignedRequest): Promise<object> {
    const { ids, all } = validate(RetryWebhooksDto, parseJsonObject(body));
    const named = ids ?? undefined;
    if ((all === true) === (named !== undefined)) {
      throw badRequest('The body must have either ids, or all, which is true.');
    }
    return { retried: await this.deadLetters.resend(application, named) };
  }
}
