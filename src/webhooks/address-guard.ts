import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A delivery was not made, because of where it would have gone. */
export class RefusedAddressError extends Error {
  constructor(host: string) {
    super(`${host} is no address of the public internet`);
  }
}

/**
 * Whether an address is one of the public internet, and none of this machine, of a private network, of a
 * link, or of a cloud's metadata. An IPv4 address inside an IPv6 one counts as what it is, or not at all.
 */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** Looks up a name, and finds none but the public addresses of it. */
export function guardLookup(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '');
      const publicOnes = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = publicOnes;
      if (first === undefined) return callback(new RefusedAddressError(hostname), '');
      if (options.all) callback(null, publicOnes);
      else callback(null, first.address, first.family);
    });
  };
}
