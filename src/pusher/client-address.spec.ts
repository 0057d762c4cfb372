import type { IncomingMessage } from 'node:http';
import { ClientAddress, peerOf } from './client-address.js';

interface Facts {
  remoteAddress?: string;
  encrypted?: boolean;
  headers?: Record<string, string | string[]>;
}

/** The part of a request that is looked at. */
function request({ headers = {}, ...socket }: Facts): IncomingMessage {
  return {
    socket: { remoteAddress: '10.0.0.1', ...socket },
    headers,
  } as unknown as IncomingMessage;
}

/** As a connection knows its client. */
const addressOf = (clients: ClientAddress, from: IncomingMessage) =>
  clients.forwardedFor(from) ?? peerOf(from.socket);

const via = (forwarded: string | string[], remoteAddress = '10.0.0.1') =>
  request({ remoteAddress, headers: { 'x-forwarded-for': forwarded } });

describe('The address of a client', () => {
  const nobody = new ClientAddress([]);
  const proxies = new ClientAddress(['10.0.0.0/8', '192.168.1.1', 'fd00::/8']);

  it('is that of the socket when no proxy is trusted', () => {
    expect(addressOf(nobody, via('1.2.3.4'))).toBe('10.0.0.1');
    expect(addressOf(nobody, request({ remoteAddress: '::ffff:1.2.3.4' }))).toBe('1.2.3.4');
    expect(addressOf(nobody, request({ remoteAddress: '2001:db8::1' }))).toBe('2001:db8::1');
    expect(addressOf(nobody, request({ remoteAddress: undefined }))).toBe('');
  });

  it('is that of the socket when the proxy is another one', () => {
    expect(addressOf(proxies, via('1.2.3.4', '11.0.0.1'))).toBe('11.0.0.1');
    expect(addressOf(proxies, via('1.2.3.4', '192.168.1.2'))).toBe('192.168.1.2');
  });

  it.each<[string | string[], string]>([
    ['1.2.3.4', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['1.2.3.4, 10.1.1.1, 192.168.1.1', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, 10.1.1.1', '1.2.3.4'],
    [['6.6.6.6', '1.2.3.4'], '1.2.3.4'],
    ['::ffff:1.2.3.4,::ffff:10.0.0.2', '1.2.3.4'],
    ['2001:db8::1, fd00::7', '2001:db8::1'],
    ['10.0.0.2, 10.0.0.3', '10.0.0.2'],
    ['1.2.3.4,', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, , 10.1.1.1,,', '1.2.3.4'],
  ])('is the nearest that is not trusted: %s', (forwarded, address) => {
    expect(addressOf(proxies, via(forwarded))).toBe(address);
    expect(addressOf(proxies, via(forwarded, '::ffff:10.0.0.1'))).toBe(address);
  });

  it.each(['', ' ', ',', ',,,'])('is that of the proxy when it names nobody: %j', (forwarded) => {
    expect(addressOf(proxies, via(forwarded))).toBe('10.0.0.1');
  });

  it.each(['', ',', ',,,', 'unknown', '_hidden', 'fe80::1%eth0', '1.2.3.4:80', '10.0.0.256', '\0'])(
    'is text, whatever the header holds: %j',
    (forwarded) => {
      expect(typeof addressOf(proxies, via(forwarded))).toBe('string');
      expect(typeof addressOf(proxies, via(`${forwarded}, 10.0.0.9`))).toBe('string');
    },
  );
});

describe('A connection is secure', () => {
  const proxies = new ClientAddress(['10.0.0.0/8']);
  const over = (proto: string | string[], remoteAddress = '10.0.0.1') =>
    request({ remoteAddress, headers: { 'x-forwarded-proto': proto } });

  it('over TLS, whatever a header says', () => {
    const headers = { 'x-forwarded-proto': 'http' };
    expect(new ClientAddress([]).isSecure(request({ encrypted: true, headers }))).toBe(true);
    expect(proxies.isSecure(request({ encrypted: true, headers }))).toBe(true);
  });

  it.each(['https', 'HTTPS', 'wss', ' https ', 'https, http', 'https,https'])(
    'when a trusted proxy says %j',
    (proto) => {
      expect(proxies.isSecure(over(proto))).toBe(true);
      expect(proxies.isSecure(over(proto, '::ffff:10.9.9.9'))).toBe(true);
    },
  );

  it.each(['http', 'ws', '', ',', 'http, https', 'https;', 'xhttps', 'true', '1'])(
    'but not when it says %j',
    (proto) => expect(proxies.isSecure(over(proto))).toBe(false),
  );

  it('but not when anybody else says so', () => {
    expect(proxies.isSecure(over('https', '11.0.0.1'))).toBe(false);
    expect(proxies.isSecure(over('https', '::1'))).toBe(false);
    expect(new ClientAddress([]).isSecure(over('https'))).toBe(false);
    expect(proxies.isSecure(request({ remoteAddress: undefined }))).toBe(false);
    expect(proxies.isSecure(request({}))).toBe(false);
  });

  it('whichever form the range of the proxies has', () => {
    for (const range of ['10.0.0.1', '10.0.0.1/32', '10.0.0.0/24', '0.0.0.0/0']) {
      expect(new ClientAddress([range]).isSecure(over('https'))).toBe(true);
    }
    for (const range of ['::1', '::/0', '2001:db8::/32']) {
      expect(new ClientAddress([range]).isSecure(over('https', '::1'))).toBe(
        !range.startsWith('2'),
      );
    }
  });
});
