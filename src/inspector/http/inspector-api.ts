import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { badRequest, methodNotAllowed, noSuchPath, tooLarge } from '../../pusher/http/api-error.js';
import { readBody } from '../../pusher/http/request-body.js';
import { parseJsonObject, validate } from '../../pusher/http/validate.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../../pusher/pusher.options.js';
import { InspectorAccess } from '../access/inspector-access.js';
import { SignIn } from '../access/sign-in.js';
import { FeedAuthDto } from './dto/feed-auth.dto.js';
import { SignInDto } from './dto/sign-in.dto.js';
import { findCall, type Call } from './inspector-calls.js';
import { InspectorRoutes } from './inspector-routes.js';

/** What a call is answered with. */
export interface ApiAnswer {
  /** undefined: there is nothing to say, 204. */
  readonly body: object | undefined;
  readonly headers?: OutgoingHttpHeaders;
}

/** Answers what the page asks for. */
@Injectable()
export class InspectorApi {
  constructor(
    private readonly access: InspectorAccess,
    private readonly signIn: SignIn,
    private readonly routes: InspectorRoutes,
    @Inject(PUSHER_OPTIONS) private readonly pusher: PusherOptions,
  ) {}

  /** @param path below `api/` @throws ApiError */
  async answer(request: IncomingMessage, path: string): Promise<ApiAnswer> {
    if (path === 'session') return this.session(request);
    const ticket = this.access.admit(request);
    const body = await this.bodyOf(request);
    if (path === 'feed-auth') return { body: this.authorizeFeed(request, body) };
    const { call, parameters } = callFor(request, path);
    const search = searchOf(request);
    const admitted = { request, ticket, parameters, search, body };
    return { body: await this.routes.handle(call, admitted) };
  }

  private async session(request: IncomingMessage): Promise<ApiAnswer> {
    switch (request.method) {
      case 'GET':
        return { body: this.access.sessionOf(request) };
      case 'POST': {
        const { secret, name } = validate(SignInDto, await this.bodyOf(request));
        this.signIn.check(request, secret);
        const { session, cookie } = this.access.begin(request, name ?? undefined);
        return { body: session, headers: { 'Set-Cookie': cookie } };
      }
      case 'DELETE':
        this.access.admit(request);
        return { body: undefined, headers: { 'Set-Cookie': this.access.end(request) } };
      default:
        throw methodNotAllowed('GET, POST, DELETE');
    }
  }

  private authorizeFeed(request: IncomingMessage, body: object): object {
    if (request.method !== 'POST') throw methodNotAllowed('POST');
    const { socket_id: socketId, channel_name: channel } = validate(FeedAuthDto, body);
    return { auth: this.access.authorizeFeed(socketId, channel) };
  }

  /**
   * A page of another origin cannot send this type without being asked first, which is refused.
   * @throws ApiError 400 or 413
   */
  private async bodyOf(request: IncomingMessage): Promise<object> {
    if (request.method === 'GET' || request.method === 'HEAD') return {};
    const { maxRequestSize } = this.pusher;
    const body = await readBody(request, maxRequestSize);
    if (body === undefined) {
      throw tooLarge(`The request body is larger than ${maxRequestSize} bytes.`);
    }
    if (body.length === 0) return {};
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw badRequest('The body must be JSON, with Content-Type: application/json.');
    }
    return parseJsonObject(body);
  }
}

/** Not by way of a URL, which would not do without a host that is one. */
function searchOf({ url = '' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question < 0 ? '' : (new URLSearchParams(url.slice(question)).get('search') ?? '');
}

function callFor(request: IncomingMessage, path: string): { call: Call; parameters: string[] } {
  const found = findCall(path);
  if (found === undefined) throw noSuchPath();
  const { call, parameters } = found;
  if (request.method !== call.method) throw methodNotAllowed(call.method);
  return { call, parameters };
}
