import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import type { ServerConfiguration } from './config/server-configuration.js';
import { readTlsFiles } from './config/tls-files.js';
import { answerAndHangUp } from './pusher/http/raw-answer.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { configureServer } from './server.js';

/** How often slow requests are looked for. */
const CHECK_INTERVAL_MS = 500;

/** How long requests that are under way may take when the server closes. */
const LATE_REQUEST_MS = 1000;

/** Puts the standalone server together. It does not listen yet. */
export async function createServer(
  loaded: LoadedConfiguration,
  logger: LoggerService,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(loaded),
    httpAdapterOf(loaded.configuration),
    { logger, abortOnError: false, bodyParser: false },
  );
  ignoreBodies(app);
  endLateRequests(app);
  configureServer(app, { hasFastLane: true });
  return app;
}

/**
 * Fastify rather than Express, for the cost of a signed publish (see ARCHITECTURE.md). Nothing
 * outside this file knows which one it is.
 */
function httpAdapterOf({ pusher, listen }: ServerConfiguration): FastifyAdapter {
  const requestTimeout = pusher.requestTimeoutSeconds * 1000;
  const http = {
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const tls = listen.tls && { ...readTlsFiles(listen.tls), handshakeTimeout: requestTimeout };
  return new FastifyAdapter({
    ...(tls === undefined ? { http } : { https: { ...tls, ...http } }),
    requestTimeout,
    skipMiddie: true,
    // The drain answers 503 where that is right, and health checks go on.
    return503OnClosing: false,
    clientErrorHandler: onClientError,
    frameworkErrors: onFrameworkError,
  });
}

/** Whoever wants a body reads it. Fastify would answer 415 or 400 to one sent where there is nothing. */
function ignoreBodies(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _body, done) => done(null));
  fastify.server.prependListener('request', ({ headers }: IncomingMessage) => {
    if (headers['content-type'] !== undefined) headers['content-type'] = undefined;
  });
}

/** Once a server closes, Node looks for slow requests no more: a silent peer would hold it for ever. */
function endLateRequests(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const unsecured = new Set<Socket>();
  if (fastify.server instanceof SecureServer) trackHandshakes(fastify.server, unsecured);
  fastify.addHook('preClose', (done) => {
    setTimeout(() => {
      fastify.server.closeAllConnections();
      for (const socket of unsecured) socket.destroy();
    }, LATE_REQUEST_MS).unref();
    done();
  });
}

/** Keeps the sockets of a TLS server, which Node's own list has only once they speak HTTP. */
function trackHandshakes(server: SecureServer, sockets: Set<Socket>): void {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

/** Answers a URL that Fastify cannot decode. */
function onFrameworkError(
  error: Error & { statusCode?: number },
  _request: unknown,
  { raw }: { raw: ServerResponse },
): void {
  const body = JSON.stringify({ error: error.message });
  raw.writeHead(error.statusCode ?? 400, {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  raw.end(body);
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, sentence: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [431, 'The request header is too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the request are too large.'],
};

/** Answers what is not HTTP, or is too slow. */
function onClientError(error: Error & { code?: string }, socket: Socket): void {
  // Without TLS nothing can be said to a client of it, nor will anything that is said ever end.
  const isUnsecured = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
  if (error.code === 'ECONNRESET' || isUnsecured || !socket.writable) return void socket.destroy();
  socket.setTimeout(LATE_REQUEST_MS, () => socket.destroy());
  const [status, sentence] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'This is not valid HTTP.'];
  answerAndHangUp(socket, status, sentence);
}
