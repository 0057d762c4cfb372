import { OrderedEntries } from './ordered-entries.js';

const entry = (event: string) => ({ endpointIds: ['e'], event, atMs: 0 });

function setUp() {
  const appended: string[] = [];
  const errors: unknown[] = [];
  const entries = new OrderedEntries(
    (appId, { event }) => appended.push(`${appId} ${event}`),
    (error) => errors.push(error),
  );
  return { entries, appended, errors };
}

/** An entry that is known when it is told. */
function later<T>() {
  let tell: (value: T) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    tell = resolve;
    fail = reject;
  });
  return { promise, tell, fail };
}

describe('Entries of an application', () => {
  it('are appended at once when they are known', () => {
    const { entries, appended } = setUp();
    entries.push('1', entry('a'));
    entries.push('1', undefined);
    entries.push('1', entry('b'));
    expect(appended).toEqual(['1 a', '1 b']);
  });

  it('wait for those before them, and for those of nobody else', async () => {
    const { entries, appended } = setUp();
    const first = later<ReturnType<typeof entry> | undefined>();
    entries.push('1', first.promise);
    entries.push('1', entry('b'));
    entries.push('1', Promise.resolve(entry('c')));
    entries.push('2', entry('x'));
    await Promise.resolve();
    expect(appended).toEqual(['2 x']);
    first.tell(entry('a'));
    await entries.settled();
    expect(appended).toEqual(['2 x', '1 a', '1 b', '1 c']);
    entries.push('1', entry('d'));
    expect(appended.at(-1)).toBe('1 d');
  });

  it('are left out when they come to nothing or fail, and the others go on', async () => {
    const { entries, appended, errors } = setUp();
    const [none, bad] = [later<undefined>(), later<undefined>()];
    entries.push('1', none.promise);
    entries.push('1', bad.promise);
    entries.push('1', entry('a'));
    bad.fail(new Error('bad'));
    none.tell(undefined);
    await entries.settled();
    expect(appended).toEqual(['1 a']);
    expect(errors).toEqual([new Error('bad')]);
  });
});
