import { findCall } from './inspector-calls.js';

const found = (path: string) => {
  const result = findCall(path);
  return result && [result.call.name, result.call.method, ...result.parameters];
};

describe('A path of the page', () => {
  it.each([
    ['watches', ['watches', 'PUT']],
    ['applications', ['applications', 'GET']],
    ['nodes', ['nodes', 'GET']],
    ['charts', ['charts', 'GET']],
    ['apps/a/channels', ['channels', 'GET', 'a']],
    ['apps/a/channels/c', ['channel', 'GET', 'a', 'c']],
    ['apps/a/connections', ['connections', 'GET', 'a']],
    ['apps/a/connections/1.2', ['connection', 'GET', 'a', '1.2']],
    ['apps/a/webhooks', ['webhooks', 'GET', 'a']],
    ['apps/a/webhooks/retry', ['retryWebhooks', 'POST', 'a']],
    ['apps/a/events', ['publish', 'POST', 'a']],
    ['apps/a/disconnect', ['disconnect', 'POST', 'a']],
    ['apps/a/unsubscribe', ['unsubscribe', 'POST', 'a']],
    ['apps/a/forget-cached-event', ['forgetCachedEvent', 'POST', 'a']],
  ])('%s is a call', (path, expected) => expect(found(path)).toEqual(expected));

  it('may hold any name, decoded once', () => {
    expect(found('apps/a%2Fb/channels/%C3%BC%252F')).toEqual(['channel', 'GET', 'a/b', 'ü%2F']);
    expect(found('apps/%00/channels')).toEqual(['channels', 'GET', '\0']);
    expect(found('apps/%E0%A4/channels')).toEqual(['channels', 'GET', '%E0%A4']);
    expect(found('apps/../channels')).toEqual(['channels', 'GET', '..']);
    expect(found('apps//channels')).toEqual(['channels', 'GET', '']);
  });

  it.each([
    '',
    'app',
    'Nodes',
    'nodes/',
    '/nodes',
    'nodes/x',
    'apps',
    'apps/a',
    'apps/a/events/x',
    'apps/a/channels/c/d',
    'apps/a%2Fchannels',
    ':',
    'constructor',
  ])('%j is none', (path) => expect(found(path)).toBeUndefined());
});
