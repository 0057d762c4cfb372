import { fakeApplication, fakeConnection } from '../../test/harness/fake-connection.js';
import { ApplicationProvider } from '../applications/application-provider.js';
import type { Application } from '../applications/application.js';
import { ConnectionRegistry } from './connection.registry.js';
import { TrafficCounters } from './traffic-counters.js';

/** Tells of changes when it is told to. */
class FakeProvider extends ApplicationProvider {
  change: (application: Application) => void = () => {};

  override findById(): undefined {}

  override findByKey(): undefined {}

  override onChange(listener: (application: Application) => void): void {
    this.change = listener;
  }
}

const APP = fakeApplication();
const OTHER_APP = fakeApplication({ id: 'other' });

function setUp() {
  const provider = new FakeProvider();
  const registry = new ConnectionRegistry(provider, new TrafficCounters());
  const add = (socketId: string, application = APP) => {
    const { connection } = fakeConnection(socketId);
    registry.add(connection, application);
    return connection;
  };
  return { provider, registry, add };
}

describe('A connection that was added', () => {
  it('is counted, and found by its application and socket id', () => {
    const { registry, add } = setUp();
    const connection = add('1.1');
    expect(registry.size).toBe(1);
    expect(registry.find('app', '1.1')).toBe(connection);
    expect(registry.find('other', '1.1')).toBeUndefined();
    expect(registry.find('app', '1.2')).toBeUndefined();
  });

  it('has the settings of its application', () => {
    const { add } = setUp();
    expect(add('1.1').application).toBe(APP);
  });

  it('is among those of its application alone', () => {
    const { registry, add } = setUp();
    const connections = [add('1.1'), add('1.2')];
    const other = add('1.1', OTHER_APP);
    expect([...registry.of('app')]).toEqual(connections);
    expect([...registry.of('other')]).toEqual([other]);
    expect([...registry.of('none')]).toEqual([]);
    expect([...registry]).toEqual([...connections, other]);
  });
});

describe('A connection that was removed', () => {
  it('is gone, and the others are not', () => {
    const { registry, add } = setUp();
    const connection = add('1.1');
    const other = add('1.2');
    registry.remove(connection);
    expect(registry.size).toBe(1);
    expect(registry.find('app', '1.1')).toBeUndefined();
    expect([...registry]).toEqual([other]);
  });

  it('twice is removed once', () => {
    const { registry, add } = setUp();
    const connection = add('1.1');
    add('1.2');
    registry.remove(connection);
    registry.remove(connection);
    expect(registry.size).toBe(1);
  });

  it('still knows its application, for what it leaves to be done', () => {
    const { registry, add } = setUp();
    const connection = add('1.1');
    registry.remove(connection);
    expect(connection.application).toBe(APP);
  });

  it('does not take another one of the same socket id along', () => {
    const { registry, add } = setUp();
    const former = add('1.1');
    registry.remove(former);
    const connection = add('1.1');
    registry.remove(former);
    expect(registry.find('app', '1.1')).toBe(connection);
    expect(registry.size).toBe(1);
  });

  it('leaves nothing of its application behind when it was the last', () => {
    const { registry, add } = setUp();
    for (let i = 0; i < 100; i++) registry.remove(add('1.1', fakeApplication({ id: `app ${i}` })));
    const { scopes } = registry as unknown as { scopes: Map<string, unknown> };
    expect(scopes.size).toBe(0);
    expect(registry.size).toBe(0);
  });

  it('changes nothing when it had never been added', () => {
    const { registry } = setUp();
    registry.remove(fakeConnection('1.1').connection);
    expect(registry.size).toBe(0);
  });

  it('may go while the connections are gone through', () => {
    const { registry, add } = setUp();
    for (let i = 0; i < 5; i++) add(`1.${i}`, i < 3 ? APP : OTHER_APP);
    const seen: string[] = [];
    for (const connection of registry) {
      seen.push(connection.socketId);
      registry.remove(connection);
    }
    expect(seen).toEqual(['1.0', '1.1', '1.2', '1.3', '1.4']);
    expect(registry.size).toBe(0);
  });
});

describe('The settings of an application', () => {
  it('change under open connections at once', () => {
    const { provider, add } = setUp();
    const connection = add('1.1');
    const other = add('1.1', OTHER_APP);
    const changed = fakeApplication({ maxMessageSize: 5 });
    provider.change(changed);
    expect(connection.application).toBe(changed);
    expect(other.application).toBe(OTHER_APP);
  });

  it('are those of the last connect, where nobody tells of changes', () => {
    const { add } = setUp();
    const connection = add('1.1');
    const changed = fakeApplication({ maxMessageSize: 5 });
    add('1.2', changed);
    expect(connection.application).toBe(changed);
  });

  it('may change for an application that nobody is connected to', () => {
    const { provider, registry } = setUp();
    provider.change(APP);
    expect([...registry.of('app')]).toEqual([]);
  });
});
