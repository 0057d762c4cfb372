import { loadConfiguration } from './config/load-configuration.js';
import { localEndpoint, publicEndpoint, urlOf } from './endpoint.js';
import { snippets } from './cli/snippets.js';

function configurationOf(env: Record<string, string>) {
  const application = { REVERB_APP_ID: '1', REVERB_APP_KEY: 'k', REVERB_APP_SECRET: 'hunter2' };
  const options = { env: { ...application, ...env }, envFilePath: '/dev/null' };
  return loadConfiguration(options).configuration;
}

describe('The server on this machine', () => {
  it.each([
    [{}, 'http://127.0.0.1:8080'],
    [{ REVERB_SERVER_HOST: '::', REVERB_SERVER_PATH: 'ws' }, 'http://[::1]:8080/ws'],
    [{ REVERB_SERVER_HOST: '10.0.0.1', REVERB_SERVER_PORT: '1' }, 'http://10.0.0.1:1'],
    [{ REVERB_HOST: 'ws.example.com' }, 'http://127.0.0.1:8080'],
    [
      {
        REVERB_HOST: 'localhost',
        REVERB_TLS_CERT: 'test/fixtures/tls/first.crt',
        REVERB_TLS_KEY: 'test/fixtures/tls/first.key',
      },
      'https://localhost:8080',
    ],
  ])('of %j is %s', (env, url) =>
    expect(urlOf(localEndpoint(configurationOf(env as Record<string, string>)))).toBe(url),
  );
});

describe('The snippets', () => {
  it('have the public name, the path and the key, but not the secret', () => {
    const env = { REVERB_HOST: 'ws.example.com', REVERB_SERVER_PATH: '/ws' };
    const endpoint = publicEndpoint(configurationOf(env));
    const text = snippets({ id: '1', key: 'the-key' }, endpoint);
    for (const part of [
      `wsHost: 'ws.example.com'`,
      `wsPath: '/ws'`,
      `Pusher('the-key'`,
      `broadcaster: 'reverb'`,
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('hunter2');
  });
});
