import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import type { Application } from '../../applications/application.js';
import type { CodeCount } from '../../connections/application-counters.js';
import { RequestCounters } from '../../metrics/request-counters.js';
import { headerOf, IDEMPOTENCY_HEADER, namedAppIdOf, type ApiRequest } from './api-request.js';
import { routeNameOf } from './api-routes.js';
import { failureOf } from './failure.js';
import { PublishService } from './publish.service.js';
import { RequestAuthentication } from './request-authentication.js';
import { receiveBody } from './request-body.js';
import { SECURITY_HEADERS } from '../../security-headers.js';
import { TrafficLog } from '../traffic.log.js';

const METHOD = 'POST';
const CONTENT_TYPE = 'application/json; charset=utf-8';
/** Names and values by turns: an object that is put together anew for each answer takes V8 far longer. */
const HEADERS = Object.entries({ ...SECURITY_HEADERS, 'Content-Type': CONTENT_TYPE }).flat();

/** The last part of the path of a request. */
type Call = 'events' | 'batch_events';

/**
 * Serves the two calls that come by the thousands without the framework, whose way to a controller
 * costs more than all that is done for a publish. Same checks, same answers. Nothing of a host sees
 * these requests, neither its middleware nor its guards, so it has to ask for this.
 */
@Injectable()
export class FastLane {
  private readonly logger = new Logger(FastLane.name);
  private readonly answered: Readonly<Record<Call, CodeCount>>;

  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly publishing: PublishService,
    private readonly traffic: TrafficLog,
    counters: RequestCounters,
  ) {
    const countOf = (call: Call) => counters.of(routeNameOf(['apps', ':appId', call]));
    this.answered = { events: countOf('events'), batch_events: countOf('batch_events') };
  }

  /** Whether a request is one that {@link serve} is for. */
  isMeant(method: string | undefined, { segments }: ApiRequest): boolean {
    if (method !== METHOD || segments.length !== 3 || segments[0] !== 'apps') return false;
    return segments[2] === 'events' || segments[2] === 'batch_events';
  }

  /** Answers a request, whatever becomes of it. */
  serve(raw: IncomingMessage, request: ApiRequest): void {
    try {
      const identified = this.authentication.identify(METHOD, request);
      if (!(identified instanceof Promise)) return this.receive(raw, request, identified);
      identified.then(
        (application) => this.receive(raw, request, application),
        (error: unknown) => this.fail(request, error),
      );
    } catch (error) {
      this.fail(request, error);
    }
  }

  private receive(raw: IncomingMessage, request: ApiRequest, application: Application): void {
    receiveBody(
      raw,
      this.authentication.maxBodySize,
      (body) => this.publish(raw, request, application, body),
      (error) => this.fail(request, error),
    );
  }

  private publish(
    raw: IncomingMessage,
    request: ApiRequest,
    application: Application,
    body: Buffer | undefined,
  ): void {
    try {
      const signed = this.authentication.accept(application, request, body);
      const key = headerOf(raw, IDEMPOTENCY_HEADER);
      const result =
        request.segments[2] === 'events'
          ? this.publishing.publish(signed, key)
          : this.publishing.publishBatch(signed, key);
      if (!(result instanceof Promise)) return this.answer(request, 200, result);
      result.then(
        (found) => this.answer(request, 200, found),
        (error: unknown) => this.fail(request, error),
      );
    } catch (error) {
      this.fail(request, error);
    }
  }

  private fail(request: ApiRequest, error: unknown): void {
    const failure = failureOf(error, this.logger);
    this.traffic.requestRefused(request.response.req, namedAppIdOf(request), failure);
    this.answer(request, failure.status, failure.body, failure.headers);
  }

  private answer(
    { response, segments }: ApiRequest,
    status: number,
    body: object,
    headers?: OutgoingHttpHeaders,
  ): void {
    // A listener of a host may have answered before.
    if (response.headersSent) return;
    const text = JSON.stringify(body);
    const length = Buffer.byteLength(text);
    const head: OutgoingHttpHeader[] = [...HEADERS, 'Content-Length', length];
    for (const name in headers) head.push(name, headers[name]!);
    response.writeHead(status, head);
    response.end(text);
    this.answered[segments[2] as Call].add(status);
  }
}
