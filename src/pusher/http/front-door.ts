import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { MetricsEndpoint } from '../../metrics/page/metrics-endpoint.js';
import { RequestCounters } from '../../metrics/request-counters.js';
import { Drain } from '../drain.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../pusher.options.js';
import { parseQuery } from '../protocol/signature.js';
import { mark, type ApiRequest } from './api-request.js';
import { isOurs, originFormOf, routedPath, routeNameOf } from './api-routes.js';
import { FastLane } from './fast-lane.js';
import { SECURITY_HEADERS } from '../../security-headers.js';

/** What tells a framework that a request has a body. */
const BODY_HEADERS = ['content-type', 'content-length', 'transfer-encoding'] as const;

/** Methods that every framework routes. The others are no method of any call, and go to the fallback like these. */
const ROUTED_METHODS: ReadonlySet<string | undefined> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Frameworks keep the URL as it came under this name. */
type Rewritable = IncomingMessage & { originalUrl?: string };

/** Serves requests of its own, ahead of any framework. */
export interface SideDoor {
  /** Whether a path, without the prefix of the server, is for it. */
  isMeant(path: string): boolean;
  /** Answers a request, whatever becomes of it. @param path without the prefix of the server */
  serve(request: IncomingMessage, response: ServerResponse, path: string): void;
}

/** How the server is joined to its host. */
export interface FrontDoorOptions {
  /** Publishes bypass the framework, see {@link FastLane}. */
  readonly hasFastLane: boolean;
}

/**
 * Sees every request before the framework does, and prepares those that are for us. That works the
 * same under Express and Fastify, and leaves a host's other routes as they are:
 *  - the path is exchanged for a fixed one that no host has, without the prefix of the server and
 *    without names, which may be longer than a framework lets a parameter be;
 *  - body parsers are kept away, since a signature is over the bytes as they came and nothing is
 *    parsed before it holds: the guard reads the body itself;
 *  - browsers are told what they may do (CORS).
 */
@Injectable()
export class FrontDoor {
  private readonly sideDoors: SideDoor[] = [];

  constructor(
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
    private readonly drain: Drain,
    private readonly fastLane: FastLane,
    metrics: MetricsEndpoint,
    private readonly counters: RequestCounters,
  ) {
    this.add(metrics);
  }

  /** Sends the requests that are meant for it to somebody else. */
  add(sideDoor: SideDoor): void {
    this.sideDoors.push(sideDoor);
  }

  /**
   * Takes the place of the framework's own listener, and hands on to it.
   * @param globalPrefix what the host puts before the routes of all controllers, ours among them
   */
  open(server: Server, globalPrefix: () => string, { hasFastLane }: FrontDoorOptions): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request: Rewritable, response) => {
      const apiRequest = this.understand(request, response);
      if (apiRequest !== undefined) {
        if (this.drain.isDraining) response.setHeader('Connection', 'close');
        const sideDoor = this.sideDoorFor(apiRequest.path);
        if (sideDoor !== undefined) return sideDoor.serve(request, response, apiRequest.path);
        this.allowOrigin(request, response);
        if (hasFastLane && this.fastLane.isMeant(request.method, apiRequest)) {
          return this.fastLane.serve(request, apiRequest);
        }
        response.once('finish', () => this.count(apiRequest));
        secure(response);
        mark(request, apiRequest);
        redirect(request, globalPrefix() + routedPath(apiRequest.segments, request.method));
      }
      for (const listener of listeners) listener.call(server, request, response);
    });
  }

  /** @returns undefined for what is not for us */
  private understand(request: IncomingMessage, response: ServerResponse): ApiRequest | undefined {
    const url = originFormOf(request.url ?? '');
    const question = url.indexOf('?');
    const fullPath = question < 0 ? url : url.slice(0, question);
    if (!fullPath.startsWith(this.options.path)) return undefined;
    const path = fullPath.slice(this.options.path.length);
    if (!isOurs(path) && this.sideDoorFor(path) === undefined) return undefined;
    const query = parseQuery(question < 0 ? '' : url.slice(question + 1));
    return { fullPath, path, segments: segmentsOf(path), query, response };
  }

  private sideDoorFor(path: string): SideDoor | undefined {
    for (const sideDoor of this.sideDoors) if (sideDoor.isMeant(path)) return sideDoor;
    return undefined;
  }

  private count({ segments, response }: ApiRequest): void {
    this.counters.of(routeNameOf(segments)).add(response.statusCode);
  }

  private allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const { corsOrigins } = this.options;
    const { origin } = request.headers;
    if (corsOrigins.length === 0 || origin === undefined) return;
    const isAny = corsOrigins.includes('*');
    if (!isAny) response.setHeader('Vary', 'Origin');
    if (!isAny && !corsOrigins.includes(origin)) return;
    response.setHeader('Access-Control-Allow-Origin', isAny ? '*' : origin);
    if (request.method !== 'OPTIONS') return;
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
    response.setHeader('Access-Control-Allow-Headers', 'Content-Type, X-Idempotency-Key');
    response.setHeader('Access-Control-Max-Age', '600');
  }
}

function secure(response: ServerResponse): void {
  for (const name in SECURITY_HEADERS) response.setHeader(name, SECURITY_HEADERS[name]!);
}

/** Makes the framework see a request for one of our controllers, and no body. */
function redirect(request: Rewritable, path: string): void {
  request.originalUrl = originFormOf(request.url ?? '');
  request.url = path;
  if (!ROUTED_METHODS.has(request.method)) request.method = 'GET';
  hideBody(request);
}

/** Not by `delete`, which makes every later look at the headers slow. */
function hideBody({ headers }: IncomingMessage): void {
  for (const header of BODY_HEADERS) {
    if (headers[header] !== undefined) headers[header] = undefined;
  }
}

/** The parts of a path, decoded. A slash at the end is none. */
function segmentsOf(path: string): readonly string[] {
  const segments = path.slice(1, path.endsWith('/') ? -1 : undefined).split('/');
  return path.includes('%') ? segments.map(decode) : segments;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
