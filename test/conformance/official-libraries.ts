import { readFileSync } from 'node:fs';
import Backend from 'pusher';
import PusherJs from 'pusher-js';
import { ChangeSignal, DEFAULT_TIMEOUT_MS, registerForClose } from '../harness/eventually.js';
import type { Json } from '../harness/signed-request.js';
import type { TestServer } from '../harness/test-server.js';

/** The client library as Node gets it. Its types describe the browser's bundle, where the class is `default`. */
export const Pusher = PusherJs as unknown as typeof PusherJs.default;
export type Pusher = PusherJs.default;
export type PusherOptions = PusherJs.Options;

export { Backend };

/** Makes a server speak TLS, with a certificate the clients of {@link clientOf} trust. */
export const TLS_VARIABLES = {
  REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
  REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
};

/** The part that is used of the WebSocket inside pusher-js. */
type SocketConstructor = new (
  url: string,
  protocols: string[],
  options: object,
) => { readonly readyState: number; close(code?: number, reason?: string): void };

const SocketOfNode = Pusher.Runtime.getWebSocketAPI() as unknown as SocketConstructor;
const CLOSED = 3;
const tls = { ca: readFileSync(TLS_VARIABLES.REVERB_TLS_CERT), servername: 'localhost' };

class TestSocket extends SocketOfNode {
  constructor(url: string) {
    super(url, [], { tls });
  }

  /** The original would set off a timer of 30 s that keeps the process alive. */
  override close(code?: number, reason?: string): void {
    if (this.readyState !== CLOSED) super.close(code, reason);
  }
}

Pusher.Runtime.getWebSocketAPI = () => TestSocket as never;

/** Shared by backends and, through them, by the clients of encrypted channels. */
export const ENCRYPTION_MASTER_KEY = Buffer.alloc(32, 'revurb').toString('base64');

/** Where a server is. */
export type ServerAddress = Pick<TestServer, 'port' | 'url' | 'appId' | 'key' | 'secret'>;

/** The backend library, with the credentials of the server's application. */
export function backendOf({ port, appId, key, secret }: ServerAddress): Backend {
  return new Backend({
    appId,
    key,
    secret,
    host: '127.0.0.1',
    port: String(port),
    useTLS: false,
    encryptionMasterKeyBase64: ENCRYPTION_MASTER_KEY,
  });
}

/** Who a client says it is, when a backend is asked to let it in. */
export interface Identity {
  /** In presence channels; absent: the signed-in user is used. */
  member?: Backend.PresenceChannelData;
  /** For `signin()`. */
  user?: Backend.UserChannelData;
}

/** What applications configure: the address, and a backend that signs. */
export function optionsFor(server: ServerAddress, identity: Identity = {}): PusherOptions {
  const backend = backendOf(server);
  const { pathname, protocol } = new URL(server.url);
  return {
    cluster: '',
    wsHost: '127.0.0.1',
    wsPort: server.port,
    wssPort: server.port,
    ...(pathname === '/' ? {} : { wsPath: pathname }),
    forceTLS: protocol === 'wss:',
    enabledTransports: ['ws', 'wss'],
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const member = channelName.startsWith('presence-') ? identity.member : undefined;
        callback(null, backend.authorizeChannel(socketId, channelName, member));
      },
    },
    userAuthentication: {
      customHandler: ({ socketId }, callback) =>
        callback(null, backend.authenticateUser(socketId, identity.user!)),
    },
  };
}

/** A client that is connecting. It is disconnected by `closeAll()`. */
export function clientOf(
  server: ServerAddress,
  identity: Identity = {},
  options: Partial<PusherOptions> = {},
): Pusher {
  return keep(new Pusher(server.key, { ...optionsFor(server, identity), ...options }));
}

/** Has a client disconnected by `closeAll()`. */
export function keep<Client extends Pick<Pusher, 'disconnect'>>(client: Client): Client {
  registerForClose(() => client.disconnect());
  return client;
}

/** Anything with events: clients, connections, channels, users. */
interface Emitter {
  bind(event: string, callback: (...args: Json[]) => void): unknown;
}

/** Writes down what an event brings, from now on. */
export class Ear {
  /** The first argument of each call. */
  readonly heard: Json[] = [];
  /** The second argument of each call. */
  readonly metadata: Json[] = [];
  private readonly changes = new ChangeSignal();
  private taken = 0;

  /** For callbacks that are passed by hand. */
  readonly hear = (value?: Json, metadata?: Json): void => {
    this.heard.push(value);
    this.metadata.push(metadata);
    this.changes.notify();
  };

  static on(emitter: Emitter, event: string): Ear {
    const ear = new Ear();
    emitter.bind(event, ear.hear);
    return ear;
  }

  /** The next thing that was not taken yet. */
  async next(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Json> {
    const index = this.taken++;
    const isThere = () => this.heard.length > index || undefined;
    if (!(await this.changes.waitFor(isThere, timeoutMs))) {
      throw new Error(
        `Nothing was heard in ${timeoutMs} ms; before: ${JSON.stringify(this.heard)}`,
      );
    }
    return this.heard[index];
  }
}

/** Resolves once the client is connected. */
export async function connected<Client extends Pusher>(client: Client): Promise<Client> {
  if (client.connection.state !== 'connected') {
    await Ear.on(client.connection, 'connected').next();
  }
  return client;
}

/** Subscribes, and resolves with the channel once that succeeded. */
export async function subscribed(client: Pusher, name: string): Promise<PusherJs.Channel> {
  const channel = client.subscribe(name);
  if (!channel.subscribed) await Ear.on(channel, 'pusher:subscription_succeeded').next();
  return channel;
}

/** Nothing of what is underway may arrive later than this. */
export const SETTLE_MS = 150;
