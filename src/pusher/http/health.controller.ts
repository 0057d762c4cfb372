import { Controller, Get, ServiceUnavailableException, VERSION_NEUTRAL } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { ClusterService } from '../../scaling/cluster.service.js';
import { Drain } from '../drain.js';

/** Health, without a signature: `/up` for load balancers, `/health/…` for orchestrators. */
@Controller({ version: VERSION_NEUTRAL })
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
    if (this.drain.isDraining) throw new ServiceUnavailableException({ health: 'CLOSING' });
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
    return this.health.check([() => this.server(), () => this.scaling()]);
  }

  private server() {
    const server = this.indicators.check('server');
    return this.drain.isDraining ? server.down({ message: 'The server is closing.' }) : server.up();
  }

  /** Says whether other nodes can be reached. Clients of this node are served either way. */
  private scaling() {
    const { status } = this.cluster;
    const details = { scaling: { status: status === 'down' ? 'down' : 'up', mode: status } };
    return details as { scaling: { status: 'up' | 'down'; mode: string } };
  }
}
