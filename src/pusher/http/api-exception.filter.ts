import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OverloadError } from '../../scaling/overload-error.js';
import { ApiError, unavailable } from './api-error.js';

/** Answers what a controller throws: `{"error": …}` with the status of the contract. */
@Catch()
export class ApiExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger(ApiExceptionFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) return;
    const error = exception instanceof OverloadError ? unavailable(exception.message) : exception;
    if (!(error instanceof HttpException)) {
      this.logger.error('A request could not be handled', error);
      return httpAdapter.reply(response, { error: 'The server failed, see its log.' }, 500);
    }
    if (error instanceof ApiError) {
      for (const [name, value] of Object.entries(error.headers)) {
        httpAdapter.setHeader(response, name, value);
      }
    }
    httpAdapter.reply(response, { error: error.message }, error.getStatus());
  }
}
