import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Drain } from '../drain.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../pusher.options.js';
import { parseQuery } from '../protocol/signature.js';
import { mark } from './api-request.js';
import { isOurs, originFormOf, routedPath } from './api-routes.js';

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
  constructor(
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
    private readonly drain: Drain,
  ) {}

  /**
   * Listens ahead of the framework's own listener.
   * @param globalPrefix what the host puts before the routes of all controllers, ours among them
   */
  open(server: Server, globalPrefix: () => string): void {
    server.prependListener('request', (request: Rewritable, response: ServerResponse) =>
      this.receive(request, response, globalPrefix()),
    );
  }

  private receive(request: Rewritable, response: ServerResponse, globalPrefix: string): void {
    const url = originFormOf(request.url ?? '');
    const question = url.indexOf('?');
    const fullPath = question < 0 ? url : url.slice(0, question);
    if (!fullPath.startsWith(this.options.path)) return;
    const path = fullPath.slice(this.options.path.length);
    if (!isOurs(path)) return;
    const segments = segmentsOf(path);
    const query = parseQuery(question < 0 ? '' : url.slice(question + 1));
    mark(request, { fullPath, path, segments, query, response });
    request.originalUrl = url;
    request.url = globalPrefix + routedPath(segments, request.method);
    if (!ROUTED_METHODS.has(request.method)) request.method = 'GET';
    hideBody(request);
    this.allowOrigin(request, response);
    if (this.drain.isDraining) response.setHeader('Connection', 'close');
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

/** Not by `delete`, which makes every later look at the headers slow. */
function hideBody({ headers }: IncomingMessage): void {
  for (const header of BODY_HEADERS) {
    if (headers[header] !== undefined) headers[header] = undefined;
  }
}

/** The parts of a path, decoded. A slash at the end is none. */
function segmentsOf(path: string): readonly string[] {
  return path.replace(/\/$/, '').slice(1).split('/').map(decode);
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
