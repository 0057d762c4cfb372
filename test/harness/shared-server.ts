import { createApplication } from '../../src/applications/application.js';
import { eventually } from './eventually.js';
import type { ConnectTarget } from './pusher-client.js';
import type { ApiTarget } from './signed-request.js';
import { TEST_APPLICATION } from './test-application.js';
import { loadedWith, serve, type LogRecord, type TestServer } from './test-server.js';

/*
 * Servers that the tests of a file share, because a start costs more than most tests do. They are
 * closed after the last test of the file; a test that ends a server itself wants `startServer`.
 */

/** An application that nobody else uses, on a server that others use, too. */
export interface SharedServer extends ConnectTarget, ApiTarget {
  readonly port: number;
  /** Of the server, since it was asked for. */
  readonly logs: LogRecord;
}

/** A whole server, which its test does not close. */
export type ReusedServer = Omit<TestServer, 'close'>;

type StartedServer = Awaited<ReturnType<typeof serve>>;

/** A server, and the applications of it that nobody has yet. */
interface Pool {
  readonly server: StartedServer;
  readonly free: Pick<SharedServer, 'appId' | 'key' | 'secret'>[];
}

const APPLICATIONS_PER_SERVER = 64;

/** By the variables they were started with. */
const pools = new Map<string, Promise<Pool>>();
const reused = new Map<string, Promise<StartedServer>>();
const started: StartedServer[] = [];

afterAll(async () => {
  pools.clear();
  reused.clear();
  await Promise.all(started.splice(0).map((server) => server.close()));
});

/**
 * Gives a test an application that no other test has, so that neither channels, users nor limits of
 * theirs are in its way. Applications of equal variables live on one server.
 */
export async function sharedServer(variables: Record<string, string> = {}): Promise<SharedServer> {
  const kind = JSON.stringify(variables);
  for (;;) {
    const starting = pools.get(kind) ?? startPool(variables);
    pools.set(kind, starting);
    const { server, free } = await starting;
    const application = free.pop();
    const { port, url, httpUrl, logs } = server;
    if (application !== undefined)
      return { port, url, httpUrl, logs: logs.fromNow(), ...application };
    if (pools.get(kind) === starting) pools.delete(kind);
  }
}

/**
 * Gives a test the server that an earlier one with equal variables had, once nobody is connected to it
 * any more. For tests that spell out the names of their applications, and leave nothing behind in
 * them: no cached event, no used up limit, no idempotency key.
 */
export async function reusedServer(variables: Record<string, string> = {}): Promise<ReusedServer> {
  const kind = JSON.stringify(variables);
  const starting = reused.get(kind) ?? start(loadedWith(variables));
  reused.set(kind, starting);
  const { app, port, url, httpUrl, logs } = await starting;
  await eventually(async () => expect(await openSockets(app)).toBe(0));
  return { app, port, url, httpUrl, logs: logs.fromNow(), ...TEST_APPLICATION };
}

/** TCP connections of a server, upgraded or not. */
export function openSockets(app: TestServer['app']): Promise<number> {
  return new Promise((resolve, reject) =>
    app
      .getHttpServer()
      .getConnections((error: Error | null, count: number) =>
        error ? reject(error) : resolve(count),
      ),
  );
}

async function startPool(variables: Record<string, string>): Promise<Pool> {
  const loaded = loadedWith(variables);
  const [model, ...others] = loaded.configuration.applications;
  if (model === undefined || others.length > 0) {
    throw new Error('The applications of a shared server differ in their names only.');
  }
  const free = Array.from({ length: APPLICATIONS_PER_SERVER }, (_, i) => {
    return { appId: `app-${i}`, key: `key-${i}`, secret: `secret-${i}` };
  });
  const applications = free.map(({ appId: id, ...key }) =>
    createApplication({ ...model, id, keys: [key] }),
  );
  const server = await start({
    ...loaded,
    configuration: { ...loaded.configuration, applications },
    applicationsOptions: { applications },
  });
  return { server, free };
}

async function start(loaded: Parameters<typeof serve>[0]): Promise<StartedServer> {
  const server = await serve(loaded);
  started.push(server);
  return server;
}
