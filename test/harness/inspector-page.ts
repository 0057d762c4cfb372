import type {
  InspectorRecord,
  RecordKind,
  RecordsFrame,
  SignedIn,
  TracePart,
  Watch,
  WatchFilter,
} from '../../src/inspector/contract.js';
import { eventually, registerForClose, type EventuallyOptions } from './eventually.js';
import { PusherClient } from './pusher-client.js';
import { plainRequest, type ApiResponse, type ApiTarget, type Json } from './signed-request.js';

/** What the inspectors of the tests are opened with. */
export const INSPECTOR_PASSWORD = 'open sesame, please';

/** Variables of a server that has an inspector. */
export const INSPECTOR_VARIABLES: Readonly<Record<string, string>> = {
  REVERB_INSPECTOR_ENABLED: 'true',
  REVERB_INSPECTOR_PASSWORD: INSPECTOR_PASSWORD,
};

/** What is watched comes at once, and late only from a busy machine. */
const PATIENCE: EventuallyOptions = { withinMs: 10_000 };
/** How often a page says that it still watches. */
const RENEWAL_MS = 3_000;

/** Where the page is, and the socket of its feed. */
export type InspectorTarget = Pick<ApiTarget, 'httpUrl'> & { url: string };

/** A request of the page. A text goes out as it is. */
export interface PageRequest {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly isAlone?: boolean;
}

let watchNumber = 0;

/** What a browser does that shows the page of the inspector. */
export class InspectorPage {
  cookie = '';
  session?: SignedIn;

  constructor(
    readonly target: InspectorTarget,
    private readonly path = '/inspector',
  ) {}

  /** Opens the page and signs in. */
  static async signIn(
    target: InspectorTarget,
    {
      secret = INSPECTOR_PASSWORD,
      name,
      path,
    }: { secret?: string; name?: string; path?: string } = {},
  ): Promise<InspectorPage> {
    const page = new InspectorPage(target, path);
    const { status, text } = await page.offer(secret, name);
    if (status !== 200) throw new Error(`Signing in was answered with ${status} ${text}`);
    return page;
  }

  /** The same session on another server, without signing in there. */
  on(target: InspectorTarget): InspectorPage {
    const page = new InspectorPage(target, this.path);
    page.cookie = this.cookie;
    page.session = this.session;
    return page;
  }

  /** Offers a secret, and keeps the session that it may bring. */
  async offer(secret: string, name?: string, headers: Record<string, string> = {}) {
    const answer = await this.request('POST', 'session', { body: { secret, name }, headers });
    const [cookie] = answer.headers['set-cookie'] ?? [];
    if (cookie !== undefined) this.cookie = cookie.split(';', 1)[0]!;
    if (answer.status === 200) this.session = answer.json as SignedIn;
    return answer;
  }

  /** Makes a request to the API of the page, with all that the session has. */
  request(method: string, path: string, { body, headers, isAlone }: PageRequest = {}) {
    return plainRequest(this.target.httpUrl, method, `${this.path}/api/${path}`, {
      body,
      isAlone,
      headers: {
        ...(this.cookie !== '' && { Cookie: this.cookie }),
        ...(this.session !== undefined && { 'X-Revurb-CSRF': this.session.csrf }),
        ...headers,
      },
    });
  }

  /** Asks for a part of the page, at any path below it. */
  file(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<ApiResponse> {
    return plainRequest(this.target.httpUrl, method, this.path + path, { headers });
  }

  /** What the API answers with 200. */
  async get(path: string): Promise<Json> {
    return this.succeed('GET', path);
  }

  /** Does something that must succeed. */
  async post(path: string, body: object): Promise<Json> {
    return this.succeed('POST', path, body);
  }

  /** Has a connection for its feed, that has no feed yet. */
  connect(): Promise<PusherClient> {
    return PusherClient.connect({ url: this.target.url, key: this.session!.feed.key });
  }

  /** Asks for what lets a connection have a feed. */
  async authorize(client: PusherClient, channel: string): Promise<string> {
    const body = { socket_id: client.socketId, channel_name: channel };
    return (await this.post('feed-auth', body)).auth;
  }

  /** Watches on a connection of its own, until it is told to end or all is closed. */
  async watch(filter: WatchFilter = {}): Promise<WatchedFeed> {
    const id = `watch-of-a-test-${++watchNumber}`;
    const channel = `private-inspector-${id}`;
    const client = await this.connect();
    await client.subscribe(channel, await this.authorize(client, channel));
    const feed = new WatchedFeed(this, client, { id, filter });
    await feed.begin();
    return feed;
  }

  /** Has watches of these, and perhaps no more of others. */
  watches(watches: readonly unknown[], ended?: readonly string[]): Promise<ApiResponse> {
    return this.request('PUT', 'watches', { body: { watches, ended } });
  }

  private async succeed(method: string, path: string, body?: object): Promise<Json> {
    const { status, text, json } = await this.request(method, path, { body });
    if (status !== 200) throw new Error(`${method} ${path} was answered with ${status} ${text}`);
    return json;
  }
}

/** What came of one watch. */
export class WatchedFeed {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly page: InspectorPage,
    readonly client: PusherClient,
    readonly watch: Watch,
  ) {}

  /** Begins, and goes on. */
  async begin(): Promise<void> {
    const { status, text } = await this.page.watches([this.watch]);
    if (status !== 200) throw new Error(`The watch was answered with ${status} ${text}`);
    const renew = () => void this.page.watches([this.watch]).catch(() => undefined);
    this.timer = setInterval(renew, RENEWAL_MS);
    registerForClose(() => clearInterval(this.timer));
  }

  /** Says nothing more, as a browser that is gone. */
  abandon(): void {
    clearInterval(this.timer);
  }

  /** Says that it is enough. */
  async end(): Promise<void> {
    this.abandon();
    await this.page.watches([], [this.watch.id]);
  }

  get frames(): RecordsFrame[] {
    return this.client.framesLike('records').map(({ json }) => json as RecordsFrame);
  }

  get records(): InspectorRecord[] {
    return this.frames.flatMap(({ records }) => records);
  }

  get parts(): TracePart[] {
    return this.frames.flatMap(({ parts }) => parts);
  }

  of(kind: RecordKind): InspectorRecord[] {
    return this.records.filter((record) => record.kind === kind);
  }

  /** How many of a kind were left out. */
  skipped(kind: RecordKind): number {
    return this.frames.reduce((sum, { skipped }) => sum + (skipped?.[kind] ?? 0), 0);
  }

  /** Resolves with the first record that has these fields. */
  expectRecord(fields: object, options = PATIENCE): Promise<InspectorRecord> {
    return eventually(() => {
      const found = this.records.find((record) => isLike(record, fields));
      if (found !== undefined) return found;
      const kinds = this.records.map((record) => JSON.stringify(record));
      throw new Error(`There is no record like ${JSON.stringify(fields)} in\n${kinds.join('\n')}`);
    }, options);
  }
}

function isLike(record: object, fields: object): boolean {
  try {
    expect(record).toMatchObject(fields);
    return true;
  } catch {
    return false;
  }
}
