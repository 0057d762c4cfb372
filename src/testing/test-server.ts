import type { INestApplication } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { ApplicationProvider } from '../applications/application-provider.js';
import { signRequest } from '../pusher/protocol/signature.js';
import type { Patience } from './awaited-list.js';
import type { PublishedRecord, PublishedToChannel } from './published-record.js';
import { stockClientOptions, type StockClientOptions } from './stock-client.js';
import { TestClient, type TestClientOptions, type TestUser } from './test-client.js';

/** Where a server of a test listens, and what it has done. */
export interface TestServerHost {
  readonly app: INestApplication;
  /** For clients, with the prefix: `ws://127.0.0.1:1234/realtime`. */
  readonly url: string;
  readonly record: PublishedRecord;
  /** The first call stops it, all wait for that. */
  close(): Promise<void>;
}

/** The server refused a publish. */
export class PublishRefusedError extends Error {
  constructor(
    readonly status: number,
    body: string,
  ) {
    super(`The server answered a publish with ${status}: ${body}`);
  }
}

/** A server in this process, seen from one of its applications. Made by `createTestServer`. */
export class TestServer {
  constructor(
    private readonly host: TestServerHost,
    readonly application: Application,
  ) {}

  /** The Nest application, to take providers out of: `server.app.get(OrderService)`. */
  get app(): INestApplication {
    return this.host.app;
  }

  get url(): string {
    return this.host.url;
  }

  /** For backends, with the prefix. */
  get httpUrl(): string {
    return this.host.url.replace('ws:', 'http:');
  }

  get port(): number {
    return Number(new URL(this.host.url).port);
  }

  get appId(): string {
    return this.application.id;
  }

  get key(): string {
    return this.application.keys[0]!.key;
  }

  get secret(): string {
    return this.application.keys[0]!.secret;
  }

  /** The same server, seen from another application. @throws Error when there is none of that id */
  async forApplication(appId: string): Promise<TestServer> {
    return new TestServer(this.host, await findApplication(this.app, appId));
  }

  /** Connects a client. @throws Error when it is refused */
  connect(options?: TestClientOptions): Promise<TestClient> {
    return TestClient.connect(this.url, this, options);
  }

  /**
   * Options of pusher-js: `new Pusher(server.key, server.pusherOptions())`. It may join private and
   * presence channels, and sign in.
   * @param user who it is
   */
  pusherOptions(user: TestUser = { id: 'user' }): StockClientOptions {
    return stockClientOptions(this.url, this, user);
  }

  /**
   * Publishes over the HTTP API, as a backend does.
   * @param data what is no string goes out as JSON
   * @throws PublishRefusedError
   */
  async publish(
    channels: string | readonly string[],
    event: string,
    data: unknown = {},
    { exceptSocketId }: { readonly exceptSocketId?: string } = {},
  ): Promise<void> {
    const { appId, key, secret, httpUrl } = this;
    const body = JSON.stringify({
      name: event,
      channels: [channels].flat(),
      data: typeof data === 'string' ? data : JSON.stringify(data),
      socket_id: exceptSocketId,
    });
    const path = `/apps/${encodeURIComponent(appId)}/events`;
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const query = signRequest({ method: 'POST', path, body, key, secret, timestampSeconds });
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(`${httpUrl}${path}?${query}`, { method: 'POST', headers, body });
    const text = await response.text();
    if (response.status !== 200) throw new PublishRefusedError(response.status, text);
  }

  /** What was published since the start, or since {@link forgetPublished}, in order: all of it, or to a channel. */
  published(channel?: string): readonly PublishedToChannel[] {
    return this.host.record.of(this.appId, channel);
  }

  /**
   * Takes the first such event that was not taken yet, or waits until it is published.
   * @param data what it must be: a value, matchers of Jest or Vitest in it or not, or a function that
   * says whether it is right; anything if it is left out
   * @throws Error that says what was published instead
   */
  expectPublished(
    channel: string,
    event: string,
    data?: unknown,
    patience?: Patience,
  ): Promise<PublishedToChannel> {
    return this.host.record.expect(this.appId, channel, event, data, patience);
  }

  /** Begins anew, for the next test. */
  forgetPublished(): void {
    this.host.record.clear();
  }

  /** Stops the server. Connections that are still open are dropped first, so this takes no time, not even a fake one. */
  close(): Promise<void> {
    return this.host.close();
  }
}

/** Asks the provider of a server. @throws Error when there is no such application */
export async function findApplication(app: INestApplication, appId: string): Promise<Application> {
  const application = await app.get(ApplicationProvider, { strict: false }).findById(appId);
  if (application !== undefined) return application;
  throw new Error(`The server has no application ${appId}.`);
}
