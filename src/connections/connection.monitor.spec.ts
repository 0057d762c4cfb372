import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { eventually } from '../../test/harness/eventually.js';
import {
  FakeClock,
  fakeApplication,
  fakeConnection,
  fakeEnvironment,
} from '../../test/harness/fake-connection.js';
import { ConfigApplicationProvider } from '../applications/config-application.provider.js';
import { CoarseClock } from './coarse-clock.js';
import { ConnectionMonitor, type KeepAlivePolicy } from './connection.monitor.js';
import { ConnectionRegistry } from './connection.registry.js';
import { TrafficCounters } from './traffic-counters.js';

const PING_MS = 60_000;
const TIMEOUT_MS = 30_000;

/** Keeps what it is told. */
class RecordingPolicy implements KeepAlivePolicy {
  readonly told: string[] = [];
  readonly onSilent: KeepAlivePolicy['onSilent'] = ({ socketId }) => this.tell('silent', socketId);
  readonly onDead: KeepAlivePolicy['onDead'] = ({ socketId }) => this.tell('dead', socketId);
  readonly onUnauthorized: KeepAlivePolicy['onUnauthorized'] = ({ socketId }) =>
    this.tell('unauthorized', socketId);

  /** What it was told since it was last asked. */
  take(): string[] {
    return this.told.splice(0);
  }

  private tell(what: string, socketId: string): void {
    this.told.push(`${what} ${socketId}`);
  }
}

function setUp(clock: CoarseClock = new FakeClock()) {
  clock.nowMs = 1_000_000;
  const registry = new ConnectionRegistry(
    new ConfigApplicationProvider({ applications: [] }),
    new TrafficCounters(),
  );
  const monitor = new ConnectionMonitor(registry, clock);
  const policy = new RecordingPolicy();
  const environment = fakeEnvironment({ clock });
  const add = (socketId: string, application = fakeApplication()) => {
    const { connection } = fakeConnection(socketId, environment);
    registry.add(connection, application);
    connection.establish();
    return connection;
  };
  /** Lets time go by, and looks. */
  const after = (ms: number) => {
    clock.nowMs += ms;
    monitor.sweep();
    return policy.take();
  };
  return { clock, registry, monitor, policy, environment, add, after };
}

describe('Keep-alive', () => {
  let server: ReturnType<typeof setUp>;

  beforeEach(() => {
    server = setUp();
    server.monitor.start(server.policy);
  });

  afterEach(() => server.monitor.onModuleDestroy());

  it('asks who was silent for the ping interval for a sign of life, once', () => {
    server.add('1.1');
    expect(server.after(PING_MS - 1)).toEqual([]);
    expect(server.after(1)).toEqual(['silent 1.1']);
    expect(server.after(TIMEOUT_MS - 1)).toEqual([]);
  });

  it('gives up who gives none within the activity timeout', () => {
    server.add('1.1');
    server.after(PING_MS);
    expect(server.after(TIMEOUT_MS)).toEqual(['dead 1.1']);
  });

  it('counts anew from any sign of life', () => {
    const connection = server.add('1.1');
    server.after(PING_MS - 1);
    connection.touch();
    expect(server.after(PING_MS - 1)).toEqual([]);
    expect(server.after(1)).toEqual(['silent 1.1']);
    connection.touch();
    expect(server.after(PING_MS - 1)).toEqual([]);
    expect(server.after(1)).toEqual(['silent 1.1']);
  });

  it('goes by every connection’s own silence', () => {
    server.add('1.1');
    server.after(PING_MS / 2);
    server.add('1.2');
    expect(server.after(PING_MS / 2)).toEqual(['silent 1.1']);
    expect(server.after(TIMEOUT_MS)).toEqual(['dead 1.1', 'silent 1.2']);
  });

  it('goes by the settings of the application, as they are now', () => {
    const quick = fakeApplication({
      id: 'quick',
      pingIntervalSeconds: 5,
      activityTimeoutSeconds: 2,
    });
    server.add('1.1');
    server.add('2.1', quick);
    expect(server.after(5000)).toEqual(['silent 2.1']);
    expect(server.after(2000)).toEqual(['dead 2.1']);
    server.add('1.2', fakeApplication({ pingIntervalSeconds: 7 }));
    expect(server.after(0)).toContain('silent 1.1');
  });

  it('leaves alone who is not admitted yet, and who is closing', () => {
    const { environment, registry } = server;
    const { connection: admitting } = fakeConnection('1.1', environment);
    registry.add(admitting, fakeApplication());
    const closing = server.add('1.2');
    closing.close(4200, 'bye');
    expect(server.after(PING_MS + TIMEOUT_MS)).toEqual([]);
  });

  it('covers who is removed while it looks', () => {
    const { registry, policy } = server;
    const doomed = [1, 2, 3].map((i) => server.add(`1.${i}`));
    Object.assign(policy, {
      onSilent: (connection: (typeof doomed)[number]) => {
        policy.told.push(connection.socketId);
        registry.remove(connection);
      },
    });
    expect(server.after(PING_MS)).toEqual(['1.1', '1.2', '1.3']);
    expect(registry.size).toBe(0);
  });

  it('knows the shortest interval there is', () => {
    expect(server.monitor.sweep()).toBe(Infinity);
    server.add('1.1');
    expect(server.monitor.sweep()).toBe(TIMEOUT_MS);
    server.add('2.1', fakeApplication({ id: 'quick', pingIntervalSeconds: 3 }));
    expect(server.monitor.sweep()).toBe(3000);
  });
});

describe('Authorization', () => {
  const strict = fakeApplication({ authorizedConnections: true, authorizationTimeoutSeconds: 10 });
  let server: ReturnType<typeof setUp>;

  beforeEach(() => {
    server = setUp();
    server.monitor.start(server.policy);
  });

  afterEach(() => server.monitor.onModuleDestroy());

  it('is due when the application demands it, from the time of connecting', () => {
    const connection = server.add('1.1', strict);
    server.after(9_999);
    connection.touch();
    expect(server.after(1)).toEqual(['unauthorized 1.1']);
  });

  it('is nothing to who has it, and where it is not demanded', () => {
    server.add('1.1', strict).isAuthorized = true;
    server.add('2.1', fakeApplication({ id: 'lax', authorizationTimeoutSeconds: 10 }));
    expect(server.after(20_000)).toEqual([]);
  });
});

describe('The monitor', () => {
  it('advances the clock whenever it looks', () => {
    const clock = new CoarseClock();
    const { monitor } = setUp(clock);
    clock.nowMs = 0;
    monitor.sweep();
    expect(clock.nowMs).toBeGreaterThan(0);
  });

  it('tells nobody before it is started', () => {
    const { add, after } = setUp();
    add('1.1');
    expect(after(PING_MS)).toEqual([]);
  });

  it('looks by itself while it runs, and no more once it is stopped', async () => {
    const clock = new CoarseClock();
    const { monitor, policy, add } = setUp(clock);
    clock.advance();
    const quick = fakeApplication({ pingIntervalSeconds: 0.05, activityTimeoutSeconds: 0.05 });
    add('1.1', quick);
    monitor.start(policy);
    await eventually(() => expect(policy.told).toContain('dead 1.1'));
    monitor.onModuleDestroy();
    policy.take();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(policy.told).toEqual([]);
  });

  it('reads what waits in the sockets before it judges after a stall', async () => {
    const clock = new CoarseClock();
    const { monitor, policy, add } = setUp(clock);
    const connection = add('1.1', fakeApplication({ activityTimeoutSeconds: 0.25 }));
    const { near, far, close } = await pair();
    near.on('data', () => connection.touch());
    connection.pingedAtMs = clock.advance();
    monitor.start(policy);
    far.write('a sign of life');
    stall(500);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(policy.told).toEqual([]);
    expect(connection.pingedAtMs).toBe(0);
    monitor.onModuleDestroy();
    await close();
  });
});

/** Keeps the event loop from turning. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Two sockets that are connected to each other. */
async function pair() {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const near = await accepted;
  const close = async () => {
    near.destroy();
    far.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { near, far, close };
}
