import type { Cluster, Redis } from 'ioredis';

/** What becomes of a {@link LinkSession}. */
export interface LinkSessionEvents {
  /** Called once, in the turn in which a connection is lost, never after `drop` or `quit`. */
  readonly onLost: (reason: Error) => void;
  readonly onMessage: (topic: Buffer, payload: Buffer) => void;
}

/** One life of the connections: they come together, and go together as soon as one of them is lost. */
export interface LinkSession {
  readonly commands: Redis | Cluster;
  /** What has to answer, for the link to be up. */
  connections(): Iterable<Redis>;
  /** Resolves when every connection can be used and the scripts are loaded; rejects with what is in the way. */
  connect(scripts: readonly string[]): Promise<void>;
  subscribe(topics: readonly string[]): Promise<void>;
  unsubscribe(topics: readonly string[]): Promise<void>;
  /** At once; what is under way rejects. */
  drop(): void;
  /** Resolves when everything that was sent before is answered, and the connections are closed. */
  quit(): Promise<void>;
}

const READ_ONLY =
  'READONLY it is a replica, which takes no writes: name the master, or the sentinels';

/** Calls back once, when the connection is closed, with what was wrong. */
export function watchConnection(connection: Redis, onClosed: (reason: Error) => void): void {
  let isClosed = false;
  let reason = new Error('the connection was closed');
  const close = () => {
    if (!isClosed) onClosed(reason);
    isClosed = true;
  };
  connection.on('error', (error: Error) => (reason = error));
  connection.on('close', close);
  connection.on('end', close);
}

/**
 * Connects one client.
 * @throws what was wrong, which need not be why the socket was closed
 */
export async function connectClient(connection: Redis): Promise<void> {
  let fault: Error | undefined;
  const note = (error: Error) => (fault ??= error);
  connection.on('error', note);
  await connection.connect().catch(note);
  connection.off('error', note);
  // A refused SELECT leaves the connection open, but on another database.
  if (fault) throw fault;
}

/** @throws when the server is loading, is busy, or takes no writes */
export async function expectMaster(connection: Redis): Promise<void> {
  await connection.ping();
  const hello: unknown = await connection.hello().catch(() => []);
  if (!Array.isArray(hello)) return;
  const role: unknown = hello[hello.indexOf('role') + 1];
  if (role === 'replica' || role === 'slave') throw new Error(READ_ONLY);
}

/** @throws when the server refuses scripts */
export async function loadScripts(connection: Redis, scripts: readonly string[]): Promise<void> {
  await Promise.all(scripts.map((lua) => connection.script('LOAD', lua)));
}
