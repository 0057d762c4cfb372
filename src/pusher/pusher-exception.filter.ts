import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { ErrorReporter } from './error.reporter.js';
import type { ClientMessage } from './protocol/client-message.js';

/** Turns what a gateway method or a guard throws into what the protocol has for it. */
@Catch()
export class PusherExceptionFilter implements ExceptionFilter {
  constructor(private readonly errors: ErrorReporter) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const context = host.switchToWs();
    this.errors.report(
      context.getClient<Connection>(),
      exception,
      context.getData<ClientMessage>(),
    );
  }
}
