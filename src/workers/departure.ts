import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { SupervisorLink } from './supervisor-link.js';

/** The end of a worker: it drains once, whoever asks for it and however often, and exits. */
export class Departure {
  private readonly logger = new Logger('Server');
  private hasBegun = false;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly supervisor: SupervisorLink,
  ) {}

  /** @param reason told to the supervisor, who did not ask for it */
  begin(reason?: string): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    if (reason !== undefined) void this.supervisor.tell({ type: 'stopping', reason });
    this.app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        this.logger.error('The worker did not close properly', error);
        process.exit(1);
      },
    );
  }

  /** Takes no connections any more, so that they go to the other workers. Those that are there stay. */
  refuseNewcomers(): void {
    this.app.getHttpServer().close();
  }
}
