import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHmac } from 'node:crypto';
import { eventually, registerForClose, type EventuallyOptions } from './eventually.js';

/** One event, as it stood in a body. */
export type ReceivedEvent = Record<string, unknown> & { name: string };

/** One request, as it came. */
export interface ReceivedDelivery {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names as they were written, and values, by turns. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly timeMs: number;
  readonly events: readonly ReceivedEvent[];
  /** It was answered with success. */
  isTaken: boolean;
}

/** Answers a delivery; who answers nothing lets it hang. */
export type Answering = (response: ServerResponse, delivery: ReceivedDelivery) => void;

/** Answers with a status and nothing else. */
export const answer =
  (status: number, headers: Record<string, string> = {}): Answering =>
  (response) =>
    void response.writeHead(status, headers).end();

/** An endpoint of webhooks, on a port of 127.0.0.1 that it keeps over its deaths. */
export class WebhookReceiver {
  readonly deliveries: ReceivedDelivery[] = [];
  private answering: Answering = answer(200);
  private readonly byPath = new Map<string, Answering>();
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private port = 0;
  /** So far. */
  connections = 0;

  private constructor() {}

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await receiver.rise();
    registerForClose(() => receiver.die());
    return receiver;
  }

  /** Of an endpoint; the path says which. */
  url(path = '/'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** How deliveries are answered from now on, to one path or to all others. */
  behave(answering: Answering, path?: string): void {
    if (path === undefined) this.answering = answering;
    else this.byPath.set(path, answering);
  }

  /** As if the process had been killed. */
  async die(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  }

  /** Listens, again on the same port. */
  async rise(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        this.receive(body, request.url ?? '', request.headers, request.rawHeaders, response);
      });
      request.on('error', () => undefined);
    });
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  /** Deliveries that were answered with success, to one path or to all. */
  taken(path?: string): readonly ReceivedDelivery[] {
    return this.deliveries.filter(
      (delivery) => delivery.isTaken && (path === undefined || delivery.path === path),
    );
  }

  /** The events of deliveries that were answered with success, in the order they came. */
  events(path?: string): readonly ReceivedEvent[] {
    return this.taken(path).flatMap(({ events }) => events);
  }

  /** Resolves once exactly these were taken, in this order. */
  expectEvents(
    expected: readonly object[],
    { path, ...options }: EventuallyOptions & { path?: string } = {},
  ): Promise<void> {
    const isSo = (): void => {
      expect(this.events(path)).toEqual(expected);
    };
    return eventually(isSo, options);
  }

  private receive(
    body: string,
    path: string,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    response: ServerResponse,
  ): void {
    const { time_ms: timeMs, events } = JSON.parse(body) as {
      time_ms: number;
      events: ReceivedEvent[];
    };
    const delivery = { path, headers, rawHeaders, body, timeMs, events, isTaken: false };
    this.deliveries.push(delivery);
    (this.byPath.get(path) ?? this.answering)(response, delivery);
    const { statusCode } = response;
    delivery.isTaken = response.headersSent && statusCode >= 200 && statusCode < 300;
  }
}

/** What the signature of a delivery has to be. */
export function signatureOf(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** The variables of a server with these webhooks of its single application; nothing is waited for long. */
export function webhookVariables(
  webhooks: readonly object[],
  variables: Record<string, string> = {},
): Record<string, string> {
  return {
    REVERB_WEBHOOKS: JSON.stringify(webhooks),
    REVERB_WEBHOOK_GRACE: '1',
    REVERB_WEBHOOK_TIMEOUT: '1',
    ...variables,
  };
}
