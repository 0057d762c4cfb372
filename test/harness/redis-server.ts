import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { RedisOptions as ClientOptions } from 'ioredis';
import type { RedisOptions } from '../../src/scaling/scaling.options.js';
import { ChangeSignal } from './eventually.js';
import { RedisProcess } from './redis-process.js';

/** A user that may do only what its rules say, as in `ACL SETUSER`. */
export interface AclUser {
  readonly username: string;
  readonly password: string;
  /** Such as `~reverb:*`, `&reverb:*`, `+@all`. */
  readonly rules: readonly string[];
}

/** How a Redis differs from one that lets everybody in. */
export interface RedisStartOptions {
  readonly password?: string;
  /** Speaks TLS only, with the certificate `issued.crt` of `ca.crt`; `mutual` wants one of the client, too. */
  readonly tls?: boolean | 'mutual';
  /** The user whose name and password stand in `options`; the default user has a password nobody is told. */
  readonly acl?: AclUser;
  /** More arguments, `--name`, `value`. */
  readonly args?: readonly string[];
}

/** What a Redis was asked, since somebody listened. */
export interface MonitorRecord {
  /** A line per command, as `redis-cli monitor` prints it. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches. */
  expectLine(pattern: RegExp): Promise<string>;
  close(): void;
}

const ADMINISTRATOR = 'of-the-tests';

/** Certificates of the tests: authority, certificate and key, as paths. */
export const REDIS_TLS_FILES = {
  ca: resolve('test/fixtures/tls/ca.crt'),
  cert: resolve('test/fixtures/tls/issued.crt'),
  key: resolve('test/fixtures/tls/issued.key'),
};

/** What every Redis of the tests is told: nothing on disk, nobody from outside, nothing forbidden. */
export const COMMON_ARGS: readonly string[] = Object.entries({
  '--bind': '127.0.0.1',
  '--save': '',
  '--appendonly': 'no',
  '--enable-debug-command': 'yes',
}).flat();

/** A real Redis, empty and without persistence, for one test file or one test. */
export class RedisServer extends RedisProcess {
  private constructor(private readonly startOptions: RedisStartOptions) {
    super({
      args: (port) => argumentsOf(port, startOptions),
      client: { ...loginOf(startOptions), ...tlsClient(startOptions) },
    });
  }

  /** Resolves once it answers. */
  static async start(options: RedisStartOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options);
    await server.startAnywhere();
    return server;
  }

  /** For `scaling.redis` of the server under test. */
  get options(): Partial<RedisOptions> {
    const { password, acl, tls } = this.startOptions;
    const { ca, cert, key } = REDIS_TLS_FILES;
    const files = tls === 'mutual' ? { ca, cert, key } : { ca };
    return {
      host: this.host,
      port: this.port,
      ...(acl ? { username: acl.username, password: acl.password } : password && { password }),
      ...(tls && { tls: files }),
    };
  }

  /** For `REDIS_URL`. */
  get url(): string {
    const { username = '', password, tls } = this.options;
    const login = password ? `${username}:${encodeURIComponent(password)}@` : '';
    return `redis${tls ? 's' : ''}://${login}${this.address}`;
  }

  /** For the environment of a server process. */
  get variables(): Record<string, string> {
    const { username, password, tls } = this.options;
    return {
      ...(tls
        ? { REDIS_URL: `rediss://${this.address}` }
        : { REDIS_HOST: this.host, REDIS_PORT: String(this.port) }),
      ...(username && { REDIS_USERNAME: username }),
      ...(password && { REDIS_PASSWORD: password }),
      ...(tls?.ca && { REVERB_REDIS_TLS_CA: tls.ca }),
      ...(tls?.cert && { REVERB_REDIS_TLS_CERT: tls.cert }),
      ...(tls?.key && { REVERB_REDIS_TLS_KEY: tls.key }),
    };
  }

  /** Records every command from now on. */
  monitor(): Promise<MonitorRecord> {
    const { password } = loginOf(this.startOptions);
    const socket = this.startOptions.tls
      ? connectTls({ host: this.host, port: this.port, ...tlsClient(this.startOptions).tls })
      : connect(this.port, this.host);
    this.whenClosed(() => socket.destroy());
    return RedisMonitor.open(socket, password);
  }
}

/** By hand, as the client takes a command of another client for the answer to one of its own. */
class RedisMonitor implements MonitorRecord {
  readonly lines: string[] = [];
  private answers = 0;
  private unread = '';
  private readonly changes = new ChangeSignal();

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text) => this.read(String(text)));
    socket.on('error', () => undefined);
  }

  static async open(socket: Socket, password: string | undefined): Promise<RedisMonitor> {
    const monitor = new RedisMonitor(socket);
    const commands = [...(password ? [`AUTH ${password}`] : []), 'MONITOR'];
    socket.write(commands.map((command) => `${command}\r\n`).join(''));
    const isOpen = () => monitor.answers === commands.length || undefined;
    if (await monitor.changes.waitFor(isOpen)) return monitor;
    throw new Error('Redis does not let itself be monitored.');
  }

  close(): void {
    this.socket.destroy();
  }

  async expectLine(pattern: RegExp): Promise<string> {
    const find = () => this.lines.find((text) => pattern.test(text));
    const line = await this.changes.waitFor(find);
    if (line !== undefined) return line;
    throw new Error(`Redis was never asked ${String(pattern)}, but:\n${this.lines.join('\n')}`);
  }

  private read(text: string): void {
    const lines = (this.unread + text).split('\r\n');
    this.unread = lines.pop()!;
    for (const line of lines) {
      // `+1700000000.123456 [0 127.0.0.1:54321] "SET" "a" "1"`, or `lua` for an address.
      const [, command] = /^\+[\d.]+ \[[^\]]*\] (.*)$/.exec(line) ?? [];
      if (command !== undefined) this.lines.push(command);
      else if (line === '+OK') this.answers++;
    }
    this.changes.notify();
  }
}

function argumentsOf(port: number, { password, tls, acl, args = [] }: RedisStartOptions): string[] {
  const listening = tls ? tlsArguments(port, tls) : ['--port', String(port)];
  const secret = acl ? ADMINISTRATOR : password;
  return [
    ...COMMON_ARGS,
    ...listening,
    ...(secret ? ['--requirepass', secret] : []),
    ...(acl ? ['--user', acl.username, 'on', `>${acl.password}`, ...acl.rules] : []),
    ...args,
  ];
}

function tlsArguments(port: number, tls: true | 'mutual'): string[] {
  const { ca, cert, key } = REDIS_TLS_FILES;
  return Object.entries({
    '--port': '0',
    '--tls-port': String(port),
    '--tls-ca-cert-file': ca,
    '--tls-cert-file': cert,
    '--tls-key-file': key,
    '--tls-auth-clients': tls === 'mutual' ? 'yes' : 'no',
  }).flat();
}

function loginOf({ password, acl }: RedisStartOptions): ClientOptions {
  const secret = acl ? ADMINISTRATOR : password;
  return secret ? { password: secret } : {};
}

function tlsClient({ tls }: RedisStartOptions): Pick<ClientOptions, 'tls'> {
  if (!tls) return {};
  const [ca, cert, key] = [REDIS_TLS_FILES.ca, REDIS_TLS_FILES.cert, REDIS_TLS_FILES.key].map(
    (file) => readFileSync(file),
  );
  return { tls: { ca, cert, key } };
}
