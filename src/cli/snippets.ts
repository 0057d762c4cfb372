import type { Credentials } from './credentials.js';
import { clientOptionsOf, type Endpoint } from '../endpoint.js';

/** How to connect from pusher-js, Laravel Echo and a backend. Without the secret. */
export function snippets({ id, key }: Pick<Credentials, 'id' | 'key'>, endpoint: Endpoint): string {
  return `Browser, pusher-js:

  const pusher = new Pusher('${key}', {
    ${connection(endpoint, '    ')}
    cluster: '',
  });

Browser, Laravel Echo:

  window.Echo = new Echo({
    broadcaster: 'reverb',
    key: '${key}',
    ${connection(endpoint, '    ')}
  });

Backend, the npm package pusher (the secret is REVERB_APP_SECRET of the file):

  const pusher = new Pusher({
    appId: '${id}',
    key: '${key}',
    secret: process.env.REVERB_APP_SECRET,
    host: '${endpoint.host}',
    port: '${endpoint.port}',
    useTLS: ${endpoint.scheme === 'https'},
  });
  await pusher.trigger('my-channel', 'my-event', { hello: 'world' });
`;
}

function connection(endpoint: Endpoint, indent: string): string {
  return clientOptionsOf(endpoint)
    .map((option) => `${option},`)
    .join(`\n${indent}`);
}
