import { Controller, Get, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { ClusterService } from '../../scaling/cluster.service.js';
import { Drain } from '../drain.js';
import { unavailable } from './api-error.js';
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

  /** The server takes connections: 503 while it drains. */
  @Get('health/ready')
  ready(): Promise<HealthCheckResult> {
    this.checkOpen();
    return this.health.check([() => this.indicators.check('server').up(), () => this.scaling()]);
  }

  private checkOpen(): void {
    if (this.drain.isDraining) throw unavailable('The server is shutting down.');
  }

  /** Says whether other nodes can be reached. Clients of this node are served either way. */
  private scaling() {
    const { status } = this.cluster;
    const details = { scaling: { status: status === 'down' ? 'down' : 'up', mode: status } };
    return details as { scaling: { status: 'up' | 'down'; mode: string } };
  }
}
