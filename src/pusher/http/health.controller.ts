import { Controller, Get, Res, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { HealthCheckResult } from '@nestjs/terminus';
import { Drain } from '../drain.js';
import { shuttingDown } from './api-error.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { ROUTE_ROOT } from './api-routes.js';
import { FrontDoorGuard } from './front-door.guard.js';
import { Readiness } from './readiness.js';

/** Health, without a signature: `/up` for load balancers, `/health/…` for orchestrators. */
@UseFilters(ApiExceptionFilter)
@UseGuards(FrontDoorGuard)
@Controller({ path: ROUTE_ROOT, version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly drain: Drain,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** 503 while the server drains. */
  @Get('up')
  up(): object {
    this.checkOpen();
    return { health: 'OK' };
  }

  /** The process answers. What it answers is what terminus says of no checks; while it stops, that would say 503. */
  @Get('health/live')
  live(): HealthCheckResult {
    return { status: 'ok', info: {}, error: {}, details: {} };
  }

  /**
   * The server takes connections: 503 while it drains, when the other nodes are out of reach for too
   * long, and beyond the limits of the options.
   */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) response: unknown): Promise<HealthCheckResult> {
    this.checkOpen();
    const result = await this.readiness.check();
    if (result.status === 'error') this.adapterHost.httpAdapter.status(response, 503);
    return result;
  }

  private checkOpen(): void {
    if (this.drain.isDraining) throw shuttingDown();
  }
}
