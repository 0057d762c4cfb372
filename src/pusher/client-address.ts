import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Who is behind a request, as far as proxies can be trusted to say so. */
export class ClientAddress {
  private readonly proxies = new BlockList();
  private readonly trustsNobody: boolean;

  /** @param trustedProxies addresses or CIDR ranges whose `X-Forwarded-*` headers count */
  constructor(trustedProxies: readonly string[]) {
    this.trustsNobody = trustedProxies.length === 0;
    for (const range of trustedProxies) this.trust(range);
  }

  /** The address of the client; empty once its socket is closed, or when it has none. */
  of(request: IncomingMessage): string {
    return this.forwardedFor(request) ?? peerOf(request.socket);
  }

  /** The nearest address that is not a trusted proxy; undefined when that is the peer of the socket. */
  forwardedFor(request: IncomingMessage): string | undefined {
    if (this.trustsNobody) return undefined;
    const forwarded = headerOf(request, 'x-forwarded-for');
    if (forwarded === undefined) return undefined;
    const hops = hopsOf(forwarded);
    if (hops.length === 0) return undefined;
    let address = peerOf(request.socket);
    while (hops.length > 0 && this.isTrusted(address)) address = hops.pop()!;
    return address;
  }

  /** Whether the client speaks TLS, to us or to a trusted proxy. */
  isSecure(request: IncomingMessage): boolean {
    if ((request.socket as TLSSocket).encrypted) return true;
    if (this.trustsNobody || !this.isTrusted(peerOf(request.socket))) return false;
    const scheme = headerOf(request, 'x-forwarded-proto')?.split(',')[0]?.trim().toLowerCase();
    return scheme === 'https' || scheme === 'wss';
  }

  private trust(range: string): void {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) this.proxies.addAddress(address, family);
    else this.proxies.addSubnet(address, Number(bits), family);
  }

  private isTrusted(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** An empty one is none: such a client would have no address, and so no limit either. */
function hopsOf(forwarded: string): string[] {
  const hops = forwarded.split(',').map((hop) => plain(withoutPort(hop.trim())));
  return hops.filter((hop) => hop !== '');
}

/** The address at the other end of a socket, empty once that is closed. Asks the system the first time. */
export function peerOf(socket: Socket): string {
  return plain(socket.remoteAddress ?? '');
}

/** Some proxies put the port of the client behind its address, and an IPv6 address in brackets. */
function withoutPort(hop: string): string {
  return /^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(hop)?.slice(1).find(Boolean) ?? hop;
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
