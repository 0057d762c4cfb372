import { findRoute, isOurs, routedPath } from './api-routes.js';

const segmentsOf = (path: string) => path.slice(1).split('/');

describe('isOurs', () => {
  it.each([
    '/apps/3/events',
    '/apps/3/anything/else',
    '/apps/',
    '/app/key',
    '/app/key/',
    '/users/7/terminate_connections',
    '/users//terminate_connections',
    '/users/7/terminate_connections/',
    '/up',
    '/up/',
    '/health/live',
    '/health/ready',
  ])('%s', (path) => expect(isOurs(path)).toBe(true));

  it.each([
    '',
    '/',
    '/apps',
    '/appsx/3/events',
    '/apps-like',
    '/app',
    '/app/',
    '/app/key/more',
    '/users',
    '/users/7',
    '/users/7/more/terminate_connections',
    '/upper',
    '/up/more',
    '/health',
    '/health/other',
    'x/apps/3/events',
    '//apps/3/events',
  ])('not %j, which a host may have', (path) => expect(isOurs(path)).toBe(false));
});

describe('routedPath', () => {
  it.each([
    ['POST', '/apps/3/events', '/revurb-routes/apps/-/events'],
    ['POST', '/apps/3/batch_events', '/revurb-routes/apps/-/batch_events'],
    ['GET', '/apps/3/channels', '/revurb-routes/apps/-/channels'],
    ['GET', '/apps/3/channels/c', '/revurb-routes/apps/-/channels/-'],
    ['GET', '/apps/3/channels/channels', '/revurb-routes/apps/-/channels/-'],
    ['GET', '/apps/3/channels/c/users', '/revurb-routes/apps/-/channels/-/users'],
    ['GET', '/apps/3/connections', '/revurb-routes/apps/-/connections'],
    [
      'POST',
      '/apps/3/users/7/terminate_connections',
      '/revurb-routes/apps/-/users/-/terminate_connections',
    ],
    ['POST', '/users/7/terminate_connections', '/revurb-routes/users/-/terminate_connections'],
    ['GET', '/up', '/revurb-routes/up'],
    ['HEAD', '/up', '/revurb-routes/up'],
  ])('%s %s stands at %s', (method, path, target) => {
    expect(routedPath(segmentsOf(path), method)).toBe(target);
  });

  it.each([
    ['GET', '/apps/3/events'],
    ['HEAD', '/apps/3/events'],
    ['POST', '/apps/3/channels'],
    ['post', '/apps/3/events'],
    [undefined, '/apps/3/events'],
    ['GET', '/apps/3'],
    ['GET', '/app/key'],
    ['POST', '/apps/3/events/more'],
    ['POST', '/Apps/3/events'],
    ['GET', '/apps/:appId'],
  ])('%s %s goes to the fallback', (method, path) => {
    expect(routedPath(segmentsOf(path), method)).toBe('/revurb-routes/no-such-call');
  });

  it('has no route to itself', () => {
    const target = routedPath(segmentsOf('/apps/3/events'), 'POST');
    expect(isOurs(target)).toBe(false);
    expect(findRoute(segmentsOf(target))).toBeUndefined();
  });
});

describe('findRoute', () => {
  it('knows the method a path is for', () => {
    expect(findRoute(['apps', '3', 'events'])?.method).toBe('POST');
    expect(findRoute(['apps', '3', 'channels', 'events'])?.method).toBe('GET');
    expect(findRoute(['apps', '3', 'nothing'])).toBeUndefined();
    expect(findRoute([])).toBeUndefined();
  });
});
