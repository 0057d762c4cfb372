import type { lookup, LookupAddress } from 'node:dns';
import { createServer, type AddressInfo } from 'node:net';
import { guardLookup, isPublicAddress, RefusedAddressError } from './address-guard.js';
import { guardedConnector } from './webhook-agent.js';

describe('A public address', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8'])('is %s', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['of this machine', '127.0.0.1'],
    ['of this machine', '127.255.255.254'],
    ['of this machine', '0.0.0.0'],
    ['of this machine', '::1'],
    ['of this machine', '::'],
    ['of a private network', '10.0.0.1'],
    ['of a private network', '172.16.0.1'],
    ['of a private network', '172.31.255.255'],
    ['of a private network', '192.168.1.1'],
    ['of a private network', 'fd00::1'],
    ['of a private network', 'fc00::1'],
    ['of a provider', '100.64.0.1'],
    ['of a link, or of a cloud’s metadata', '169.254.169.254'],
    ['of a link', 'fe80::1'],
    ['of a group', '224.0.0.1'],
    ['of a group', 'ff02::1'],
    ['of everybody', '255.255.255.255'],
    ['of nobody', '192.0.2.1'],
    ['of nobody', '198.18.0.1'],
    ['of nobody', '2001:db8::1'],
    ['of IPv4 in IPv6', '::ffff:127.0.0.1'],
    ['of IPv4 in IPv6', '::ffff:7f00:1'],
    ['of IPv4 in IPv6', '::ffff:169.254.169.254'],
    ['of IPv4 in IPv6', '64:ff9b::7f00:1'],
    ['of IPv4 in IPv6', '2002:7f00:1::'],
    ['at all', ''],
    ['at all', 'localhost'],
  ])('is none %s: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

/** A lookup that knows these addresses. */
const resolveTo = (...addresses: readonly string[]) => {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const resolve = (_: string, __: object, done: (error: null, all: LookupAddress[]) => void) =>
    done(null, found);
  return guardLookup(resolve as unknown as typeof lookup);
};

describe('The lookup of a name', () => {
  it('finds its public addresses, and no others', () => {
    const found: unknown[] = [];
    const lookUp = resolveTo('127.0.0.1', '8.8.8.8', '::1', '2606:4700::1111', '10.0.0.1');
    lookUp('mixed.test', { all: true }, (...answer) => found.push(answer));
    lookUp('mixed.test', {}, (...answer) => found.push(answer));
    expect(found).toEqual([
      [
        null,
        [
          { address: '8.8.8.8', family: 4 },
          { address: '2606:4700::1111', family: 6 },
        ],
      ],
      [null, '8.8.8.8', 4],
    ]);
  });

  it('fails when there are none', () => {
    const errors: unknown[] = [];
    resolveTo('127.0.0.1', '::1')('inside.test', { all: true }, (error) => errors.push(error));
    resolveTo()('nowhere.test', { all: false }, (error) => errors.push(error));
    expect(errors).toEqual([expect.any(RefusedAddressError), expect.any(RefusedAddressError)]);
  });

  it('fails as the system fails', () => {
    const failure = new Error('ENOTFOUND');
    const resolve = (_: string, __: object, done: (error: Error) => void) => done(failure);
    const errors: unknown[] = [];
    guardLookup(resolve as unknown as typeof lookup)('x.test', {}, (error) => errors.push(error));
    expect(errors).toEqual([failure]);
  });
});

describe('A connection that is guarded', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', 'localhost'])(
    'is not made to %s',
    async (hostname) => {
      let accepted = 0;
      const server = createServer(() => accepted++);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const options = { hostname, host: hostname, protocol: 'http:', port: String(port) };
      const failure = await new Promise((done) =>
        guardedConnector(500)(options, (...[error]) => done(error)),
      );
      await new Promise((resolve) => server.close(resolve));
      expect([failure, accepted]).toEqual([expect.any(RefusedAddressError), 0]);
    },
  );
});
