import { directoryOf } from '../api/address.js';

/** Where a page came from. */
export type Address = Pick<Location, 'hostname' | 'port' | 'protocol' | 'pathname'>;

/** What stands before the directory of the inspector, without a slash at its end. */
function prefixOf(pathname: string): string {
  return directoryOf(pathname)
    .replace(/\/inspector\/$/, '')
    .replace(/\/$/, '');
}

/** Code that connects the stock client to the server that a page came from. */
export function snippetOf({ hostname, port, protocol, pathname }: Address): string {
  const isSecure = protocol === 'https:';
  const number = port === '' ? (isSecure ? '443' : '80') : port;
  const prefix = prefixOf(pathname);
  return [
    "import Pusher from 'pusher-js';",
    '',
    "const pusher = new Pusher('YOUR_APP_KEY', {",
    `  wsHost: '${hostname}',`,
    `  ${isSecure ? 'wssPort' : 'wsPort'}: ${number},`,
    ...(prefix === '' ? [] : [`  wsPath: '${prefix}',`]),
    `  forceTLS: ${isSecure},`,
    "  enabledTransports: ['ws', 'wss'],",
    "  cluster: '',",
    '});',
    '',
    "pusher.subscribe('news').bind('hello', (data) => console.log(data));",
  ].join('\n');
}
