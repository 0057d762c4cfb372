/** Where a page came from. */
export type Address = Pick<Location, 'hostname' | 'port' | 'protocol'>;

/** Code that connects the stock client to the server that a page came from. */
export function snippetOf({ hostname, port, protocol }: Address, path: string): string {
  const isSecure = protocol === 'https:';
  const number = port === '' ? (isSecure ? '443' : '80') : port;
  return [
    "import Pusher from 'pusher-js';",
    '',
    "const pusher = new Pusher('YOUR_APP_KEY', {",
    `  wsHost: '${hostname}',`,
    `  ${isSecure ? 'wssPort' : 'wsPort'}: ${number},`,
    ...(path === '' ? [] : [`  wsPath: '${path}',`]),
    `  forceTLS: ${isSecure},`,
    "  enabledTransports: ['ws', 'wss'],",
    "  cluster: '',",
    '});',
    '',
    "pusher.subscribe('news').bind('hello', (data) => console.log(data));",
  ].join('\n');
}
