import { Controller, Get, Res, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { ClusterService } from '../../scaling/cluster.service.js';
import { Drain } from '../drain.js';
import { shuttingDown } from './api-error.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { ROUTE_ROOT } from './api-routes.js';
import { FrontDoorGuard } from './front-door.guard.js';

/** Health, without a signature: `/up` for load balancers, `/health/…` for orchestrators. */
@UseFilters(ApiExceptionFilter)
@UseGuards(FrontDoorGuard)
@Controller({ path: ROUTE_ROOT, version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly drain: Drain,
    private readonly cluster: ClusterService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** 503 while the server drains. */
  @Get('up')
  up(): object {
    this.checkOpen();
    return { health: 'OK' };
  }

  /** The process answers. */
  @Get('health/live')
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** The server takes connections: 503 while it drains, and when the other nodes are out of reach for too long. */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) response: unknown): Promise<HealthCheckResult> {
    this.checkOpen();
    const result = await this.health.check([() => this.indicators.check('server').up()]);
    const scaling = this.scaling();
    const details = { ...result.details, scaling };
    if (!this.cluster.isGivenUp) {
      return { ...result, info: { ...result.info, scaling }, details };
    }
    this.adapterHost.httpAdapter.status(response, 503);
    return { ...result, status: 'error', error: { scaling }, details };
  }

  private checkOpen(): void {
    if (this.drain.isDraining) throw shuttingDown();
  }

  /** Whether other nodes can be reached. The server is ready for a while either way: clients of this node are served. */
  private scaling() {
    const { status } = this.cluster;
    return { status: status === 'down' ? 'down' : 'up', mode: status } as const;
  }
}
