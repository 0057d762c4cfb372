import type { IncomingMessage, ServerResponse } from 'node:http';
import { createParamDecorator, type ArgumentsHost, type ExecutionContext } from '@nestjs/common';
import type { Application } from '../../applications/application.js';
import type { QueryParameters } from '../protocol/signature.js';

/** What the server knows of a request that came for it, whatever framework carries it on. */
export interface ApiRequest {
  /** As it came, prefix and all. */
  readonly fullPath: string;
  /** Without the prefix of the server. */
  readonly path: string;
  /** The parts of the path, decoded. */
  readonly segments: readonly string[];
  readonly query: QueryParameters;
  /** Node's own, for headers. */
  readonly response: ServerResponse;
  /** Set once the signature holds. */
  application?: Application;
  /** The bytes received, empty for none. Set once they hold what was signed. */
  body?: Buffer;
}

/** A request that passed the {@link SignatureGuard}. */
export type SignedRequest = ApiRequest & Required<Pick<ApiRequest, 'application' | 'body'>>;

/** Of a publish: the same value within two minutes is the same request. */
export const IDEMPOTENCY_HEADER = 'x-idempotency-key';

const API_REQUEST = Symbol('API_REQUEST');

type Marked = IncomingMessage & { [API_REQUEST]?: ApiRequest };

/** Node's own request, under Express as under Fastify. */
export function rawRequestOf(host: ArgumentsHost): IncomingMessage {
  const request = host.switchToHttp().getRequest<IncomingMessage & { raw?: IncomingMessage }>();
  return request.raw ?? request;
}

/** The application that the path names, existing or not. */
export function namedAppIdOf({ segments }: ApiRequest): string | undefined {
  return segments[0] === 'apps' ? segments[1] : undefined;
}

/** Says that a request is one of ours. */
export function mark(request: IncomingMessage, apiRequest: ApiRequest): void {
  (request as Marked)[API_REQUEST] = apiRequest;
}

/** What was marked, or undefined for a request that is none of ours. */
export function apiRequestOf(request: IncomingMessage): ApiRequest | undefined {
  return (request as Marked)[API_REQUEST];
}

/** The value of a header, the first where there are several. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Gives a controller the request, after the guard. */
export const Signed = createParamDecorator((_: unknown, context: ExecutionContext) =>
  apiRequestOf(rawRequestOf(context)),
);

/** Gives a controller the value of a header. */
export const Header = createParamDecorator((name: string, context: ExecutionContext) =>
  headerOf(rawRequestOf(context), name),
);
