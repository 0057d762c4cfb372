import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { methodNotAllowed, noSuchPath } from '../../pusher/http/api-error.js';
import { failureOf } from '../../pusher/http/failure.js';
import { FrontDoor, type SideDoor } from '../../pusher/http/front-door.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../../pusher/pusher.options.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';
import { InspectorApi } from './inspector-api.js';
import { INSPECTOR_HEADERS } from './inspector-headers.js';
import { readPageFiles, type PageFile } from './page-files.js';

const API = '/api/';
const IMMUTABLE = 'public, max-age=31536000, immutable';
const compress = promisify(gzip);
/** Below it compression costs more than it saves. */
const MIN_COMPRESSED_SIZE = 16_384;

/** Serves the page, and what it asks for, ahead of any framework. */
@Injectable()
export class InspectorDoor implements SideDoor, OnModuleInit {
  private readonly logger = new Logger('Inspector');
  /** Read with the first request, as most servers are never looked at. */
  private files: ReadonlyMap<string, PageFile> | undefined;
  private readonly pathWithSlash: string;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
    @Inject(PUSHER_OPTIONS) private readonly pusher: PusherOptions,
    private readonly frontDoor: FrontDoor,
    private readonly api: InspectorApi,
  ) {
    this.pathWithSlash = `${options.path}/`;
  }

  onModuleInit(): void {
    if (this.options.enabled) this.frontDoor.add(this);
  }

  isMeant(path: string): boolean {
    return path === this.options.path || path.startsWith(this.pathWithSlash);
  }

  serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    this.respond(request, response, path.slice(this.options.path.length)).catch(
      (error: unknown) => {
        const { status, body, headers } = failureOf(error, this.logger);
        sendJson(request, response, status, body, headers).catch(() => response.destroy());
      },
    );
  }

  private async respond(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    if (path.startsWith(API)) {
      const { body, headers } = await this.api.answer(request, path.slice(API.length));
      return sendJson(request, response, body === undefined ? 204 : 200, body, headers);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed('GET, HEAD');
    if (path === '') return this.redirect(response);
    this.files ??= readPageFiles();
    const file = this.files.get(path === '/' ? '/index.html' : path);
    if (file === undefined) throw noSuchPath();
    sendFile(request, response, file);
  }

  /** The files of the page are relative to it. */
  private redirect(response: ServerResponse): void {
    const location = this.pusher.path + this.pathWithSlash;
    response.writeHead(308, { ...INSPECTOR_HEADERS, Location: location, 'Content-Length': 0 });
    response.end();
  }
}

function sendFile(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { content, compressed, contentType, etag, isImmutable }: PageFile,
): void {
  const common = {
    ...INSPECTOR_HEADERS,
    'Cache-Control': isImmutable ? IMMUTABLE : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  if (headers['if-none-match'] === etag) {
    response.writeHead(304, common);
    response.end();
    return;
  }
  const isCompressed = acceptsGzip(headers['accept-encoding']);
  const bytes = isCompressed ? compressed : content;
  response.writeHead(200, {
    ...common,
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    ...(isCompressed && { 'Content-Encoding': 'gzip' }),
  });
  response.end(bytes);
}

async function sendJson(
  { headers: asked }: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object | undefined,
  more: OutgoingHttpHeaders = {},
): Promise<void> {
  if (response.headersSent) return;
  const headers: OutgoingHttpHeaders = { ...INSPECTOR_HEADERS, ...more };
  if (body === undefined) {
    response.writeHead(status, headers);
    response.end();
    return;
  }
  let bytes = Buffer.from(JSON.stringify(body));
  if (bytes.length >= MIN_COMPRESSED_SIZE && acceptsGzip(asked['accept-encoding'])) {
    bytes = await compress(bytes);
    headers['Content-Encoding'] = 'gzip';
  }
  headers['Content-Type'] = 'application/json; charset=utf-8';
  headers['Content-Length'] = bytes.length;
  response.writeHead(status, headers);
  response.end(bytes);
}

const acceptsGzip = (encodings: string | string[] | undefined) =>
  /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(String(encodings ?? ''));
