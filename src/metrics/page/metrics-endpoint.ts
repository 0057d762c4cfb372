import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { KnownSecret } from '../../known-secret.js';
import { SECURITY_HEADERS } from '../../security-headers.js';
import { METRICS_OPTIONS, type MetricsOptions } from '../metrics.options.js';
import { MetricsPage } from './metrics-page.js';

/** Gives the page to those who may have it. Knows no framework, as it stands in front of any. */
@Injectable()
export class MetricsEndpoint {
  private readonly logger = new Logger('Metrics');
  private readonly token: KnownSecret | undefined;
  private readonly pathWithSlash: string;

  constructor(
    @Inject(METRICS_OPTIONS) private readonly options: MetricsOptions,
    private readonly page: MetricsPage,
  ) {
    const { token, path } = options;
    this.pathWithSlash = `${path}/`;
    this.token = token === undefined ? undefined : new KnownSecret(token);
  }

  /** Whether a path, without the prefix of the server, is that of the page on the port of the server. */
  isMeant(path: string): boolean {
    return this.options.enabled && this.options.port === null && this.isPath(path);
  }

  /** Whether a path is that of the page. A slash at the end is none. */
  isPath(path: string): boolean {
    return path === this.options.path || path === this.pathWithSlash;
  }

  /** Answers a request, whatever becomes of it. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (!this.isAuthorized(request)) {
      const challenge = { 'WWW-Authenticate': 'Bearer realm="metrics"' };
      return refuse(response, 401, 'The bearer token is missing or wrong.', challenge);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response, 405, 'The method must be GET.', { Allow: 'GET, HEAD' });
    }
    void this.write(response);
  }

  private async write(response: ServerResponse): Promise<void> {
    try {
      const text = await this.page.text();
      answer(response, 200, text, { 'Content-Type': this.page.contentType });
    } catch (error) {
      this.logger.error('The metrics page could not be written', error);
      refuse(response, 500, 'The server failed, see its log.');
    }
  }

  private isAuthorized({ headers }: IncomingMessage): boolean {
    if (this.token === undefined) return true;
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return this.token.is(given);
  }
}

/** Refuses a request in the form of all refusals. */
export function refuse(
  response: ServerResponse,
  status: number,
  sentence: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = JSON.stringify({ error: sentence });
  answer(response, status, body, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders,
): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...SECURITY_HEADERS, ...headers, 'Content-Length': length });
  response.end(body);
}
