import { snippetOf } from '../parts/snippet.js';
import { apiPath, directoryOf } from './address.js';
import { ApiFailure, failureOf, wordsOf } from './api-failure.js';

describe('the API is found beside the page', () => {
  it.each([
    ['/inspector/', '/inspector/'],
    ['/a/b/inspector/index.html', '/a/b/inspector/'],
    ['/', '/'],
  ])('%s is in %s', (pathname, directory) => expect(directoryOf(pathname)).toBe(directory));

  it('with every part encoded', () =>
    expect(apiPath('/x/', 'apps', 'a/b', 'channels', 'p;=@,.é?')).toBe(
      '/x/api/apps/a%2Fb/channels/p%3B%3D%40%2C.%C3%A9%3F',
    ));
});

describe('a failure is told in words', () => {
  it('in those of the server', () =>
    expect(failureOf(400, '{"error":"Too long."}', null)).toMatchObject({
      status: 400,
      message: 'Too long.',
      retryAfterSeconds: undefined,
    }));

  it.each(['', '<html>', '{}', '{"error":7}', 'null'])('in our own for %j', (body) =>
    expect(failureOf(404, body, null).message).toBe('That is not there.'),
  );

  it('with the status when there is nothing else to say', () =>
    expect(failureOf(502, '<html>', null).message).toBe('The server answered 502.'));

  it.each([
    ['20', 20],
    ['0.5', 1],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [null, undefined],
  ])('to be tried again after %s', (header, seconds) =>
    expect(failureOf(429, '', header).retryAfterSeconds).toBe(seconds),
  );

  it('whatever was thrown', () => {
    expect(wordsOf(new ApiFailure(0, 'Away.'))).toBe('Away.');
    expect(wordsOf('x')).toBe('Something went wrong.');
  });
});

describe('the sample code connects to this server', () => {
  it('plainly', () => {
    const code = snippetOf({ hostname: 'localhost', port: '8080', protocol: 'http:' }, '');
    expect(code).toContain("wsHost: 'localhost'");
    expect(code).toContain('wsPort: 8080');
    expect(code).toContain('forceTLS: false');
    expect(code).not.toContain('wsPath');
  });

  it('below a path, with TLS', () => {
    const code = snippetOf({ hostname: 'ws.example.com', port: '', protocol: 'https:' }, '/ws');
    expect(code).toContain('wssPort: 443');
    expect(code).toContain("wsPath: '/ws'");
    expect(code).toContain('forceTLS: true');
  });
});
