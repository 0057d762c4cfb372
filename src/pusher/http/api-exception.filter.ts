import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TrafficLog } from '../traffic.log.js';
import { apiRequestOf, namedAppIdOf, rawRequestOf } from './api-request.js';
import { failureOf } from './failure.js';
import { SECURITY_HEADERS } from '../../security-headers.js';

/** Answers what a controller throws, see {@link failureOf}. */
@Catch()
export class ApiExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger(ApiExceptionFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly traffic: TrafficLog,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) return;
    const failure = failureOf(exception, this.logger);
    const request = rawRequestOf(host);
    const apiRequest = apiRequestOf(request);
    this.traffic.requestRefused(request, apiRequest && namedAppIdOf(apiRequest), failure);
    const { status, body, headers } = failure;
    for (const [name, value] of Object.entries({ ...SECURITY_HEADERS, ...headers })) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, body, status);
  }
}
