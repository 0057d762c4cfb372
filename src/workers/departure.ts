import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Server } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { SupervisorLink } from './supervisor-link.js';

/** From when newcomers and requests go to the other workers until the drain: what is under way is served as ever. */
const LINGER_MS = 500;

/** How long the supervisor may take to say whether this worker is to stop or all of them. */
const ANSWER_MS = 2_000;

/** The end of a worker: it drains once, whoever asks for it and however often, and the process ends. */
export class Departure {
  private readonly logger = new Logger('Server');
  private isAnnounced = false;
  private isTakenOff = false;
  private hasBegun = false;

  constructor(
    private readonly app: NestFastifyApplication,
    private readonly supervisor: SupervisorLink,
  ) {}

  /** Leaves it to the supervisor to say how, as it knows whether the others stop as well. */
  announce(reason: string): void {
    if (this.isAnnounced) return;
    this.isAnnounced = true;
    void this.supervisor.tell({ type: 'stopping', reason });
    setTimeout(() => this.begin(), ANSWER_MS);
  }

  /** The others go on: nobody who connects to the port, or asks something, is to notice that one leaves. */
  beginAlone(): void {
    this.leaveToOthers();
    setTimeout(() => this.begin(), LINGER_MS);
  }

  /** As {@link beginAlone}, but nothing can be done any more for anybody. */
  abandon(reason: string): void {
    this.announce(reason);
    this.leaveToOthers();
    this.begin();
  }

  /** Drains and ends the process. */
  begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const server = this.app.getHttpServer() as HttpServer;
    if (this.isTakenOff) server.closeIdleConnections();
    this.app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        this.logger.error('The worker did not close properly', error);
        process.exit(1);
      },
    );
  }

  private leaveToOthers(): void {
    if (this.isTakenOff) return;
    this.isTakenOff = true;
    const server = this.app.getHttpServer() as HttpServer;
    server.prependListener('request', (_: IncomingMessage, response: ServerResponse) =>
      response.setHeader('Connection', 'close'),
    );
    // That of HTTP would hang up on backends which are just about to send their next request.
    Server.prototype.close.call(server);
  }
}
