import {
  Inject,
  Injectable,
  Logger,
  ServiceUnavailableException,
  type OnModuleInit,
} from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  MemoryHealthIndicator,
  type HealthCheckResult,
  type HealthIndicatorFunction,
} from '@nestjs/terminus';
import { EventLoopLag } from '../../metrics/event-loop-lag.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../pusher.options.js';

/** Whether the server is fit to take connections, in the form of terminus. */
@Injectable()
export class Readiness implements OnModuleInit {
  private readonly logger = new Logger('Health');
  private wasReady = true;

  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly memory: MemoryHealthIndicator,
    private readonly lag: EventLoopLag,
    private readonly cluster: ClusterService,
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
  ) {}

  onModuleInit(): void {
    if (this.options.healthMaxEventLoopLagMs > 0) this.lag.start();
  }

  /** Its status is `error` when the server is not ready; that is logged when it begins and when it ends. */
  async check(): Promise<HealthCheckResult> {
    const result = this.withScaling(await this.checkProcess());
    const isReady = result.status !== 'error';
    if (this.wasReady && !isReady) this.logger.warn('The server is not ready', result.error);
    if (!this.wasReady && isReady) this.logger.warn('The server is ready again');
    this.wasReady = isReady;
    return result;
  }

  private async checkProcess(): Promise<HealthCheckResult> {
    const { healthMaxEventLoopLagMs: maxLagMs, healthMaxMemory: maxMemory } = this.options;
    const checks: HealthIndicatorFunction[] = [() => this.indicators.check('server').up()];
    if (maxLagMs > 0) checks.push(() => this.eventLoop(maxLagMs));
    if (maxMemory > 0) checks.push(() => this.memory.checkRSS('memory', maxMemory));
    try {
      return await this.health.check(checks);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return error.getResponse() as HealthCheckResult;
    }
  }

  private eventLoop(maxLagMs: number) {
    const lagMs = Math.round(this.lag.ms);
    const indicator = this.indicators.check('event_loop');
    return lagMs > maxLagMs
      ? indicator.down({ lagMs, maxLagMs })
      : indicator.up({ lagMs, maxLagMs });
  }

  /** Whether other nodes can be reached. The server is ready for a while either way: clients of this node are served. */
  private withScaling(result: HealthCheckResult): HealthCheckResult {
    const { status: mode, isGivenUp } = this.cluster;
    const scaling = { status: mode === 'down' ? 'down' : 'up', mode } as const;
    const details = { ...result.details, scaling };
    if (isGivenUp) {
      return { ...result, status: 'error', error: { ...result.error, scaling }, details };
    }
    return { ...result, info: { ...result.info, scaling }, details };
  }
}
