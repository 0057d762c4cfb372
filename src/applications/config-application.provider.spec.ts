import { createApplication, type Application } from './application.js';
import { ConfigApplicationProvider } from './config-application.provider.js';

const application = (id: string, keys: readonly string[], maxMessageSize = 10_000) =>
  createApplication({
    id,
    keys: keys.map((key) => ({ key, secret: `secret of ${key}` })),
    maxMessageSize,
  });

function setUp(applications: readonly Application[]) {
  const watch: { replace: (applications: readonly Application[]) => void; isStopped: boolean } = {
    replace: () => {},
    isStopped: false,
  };
  const provider = new ConfigApplicationProvider({
    applications,
    watch: (replace) => {
      watch.replace = replace;
      return () => (watch.isStopped = true);
    },
  });
  const changed: Application[] = [];
  provider.onChange((each) => changed.push(each));
  return { provider, watch, changed };
}

describe('A configured application', () => {
  const first = application('1', ['a', 'b']);
  const second = application('2', ['c']);

  it('is found by its id and by every one of its keys', () => {
    const { provider } = setUp([first, second]);
    expect(provider.findById('1')).toBe(first);
    expect(['a', 'b', 'c'].map((key) => provider.findByKey(key))).toEqual([first, first, second]);
  });

  it.each(['', '3', 'a', '__proto__', 'constructor'])('is not found by the id %j', (id) => {
    expect(setUp([first, second]).provider.findById(id)).toBeUndefined();
  });

  it.each(['', '1', 'A', '__proto__', 'constructor'])('is not found by the key %j', (key) => {
    expect(setUp([first, second]).provider.findByKey(key)).toBeUndefined();
  });
});

describe('A change of the configuration', () => {
  it('takes the place of all there was, keys included', () => {
    const { provider, watch } = setUp([application('1', ['a', 'b']), application('2', ['c'])]);
    provider.onModuleInit();
    const changed = application('1', ['b', 'd'], 500);
    watch.replace([changed]);
    expect(provider.findById('1')).toBe(changed);
    expect(provider.findById('2')).toBeUndefined();
    expect(['a', 'b', 'c', 'd'].map((key) => provider.findByKey(key)?.maxMessageSize)).toEqual([
      undefined,
      500,
      undefined,
      500,
    ]);
  });

  it('is told of every application there is', () => {
    const { provider, watch, changed } = setUp([application('1', ['a'])]);
    provider.onModuleInit();
    const after = [application('1', ['a'], 500), application('2', ['b'])];
    watch.replace(after);
    expect(changed).toEqual(after);
  });

  it('is already in force when it is told', () => {
    const { provider, watch } = setUp([application('1', ['a'])]);
    provider.onModuleInit();
    let found: Application | undefined;
    provider.onChange(({ id }) => (found = provider.findById(id)));
    const changed = application('1', ['a'], 500);
    watch.replace([changed]);
    expect(found).toBe(changed);
  });

  it('is watched for while the server runs', () => {
    const { provider, watch, changed } = setUp([application('1', ['a'])]);
    watch.replace([application('1', ['a'], 500)]);
    expect(changed).toEqual([]);
    provider.onModuleInit();
    provider.onModuleDestroy();
    expect(watch.isStopped).toBe(true);
  });

  it('need not be watched for, and nobody need be told', () => {
    const provider = new ConfigApplicationProvider({ applications: [] });
    expect(() => provider.onModuleInit()).not.toThrow();
    expect(() => provider.onModuleDestroy()).not.toThrow();
  });
});
