import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { guardLookup, isPublicAddress, RefusedAddressError } from './address-guard.js';
import type { WebhookOptions } from './webhook.options.js';

/** To one origin. Each endpoint uses one at a time. */
const CONNECTIONS = 64;
const KEEP_ALIVE_MS = 30_000;

/** What keeps the connections to endpoints. */
export function createAgent({ timeoutSeconds, privateAddresses }: WebhookOptions): Agent {
  const timeout = timeoutSeconds * 1000;
  return new Agent({
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: privateAddresses ? { timeout } : guardedConnector(timeout),
  });
}

/**
 * Connects to public addresses only. What a name stands for is looked at when the connection is made, and
 * the address that was looked at is the one connected to: a name cannot change in between.
 */
export function guardedConnector(timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, lookup: guardLookup(lookup) });
  return (options, callback) => {
    // An address needs no lookup.
    const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) > 0 && !isPublicAddress(host)) callback(new RefusedAddressError(host), null);
    else connect(options, callback);
  };
}
