import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { TrafficCounters } from '../connections/traffic-counters.js';
import { AddressWindows } from './address-windows.js';
import { ClientAddress } from './client-address.js';
import { ClosingError, PusherErrorCode } from './protocol/pusher-error.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';

const WINDOW_MS = 60_000;

/** Remembered for each limit; some ten megabytes at most. */
const MAX_ADDRESSES = 65_536;

/**
 * What each client address may do on this node: open connections, and fail to authenticate. Both are
 * off unless the options have a limit. An address that is not known, as on a Unix socket, has none.
 */
@Injectable()
export class AddressLimits {
  private readonly connections: AddressWindows | undefined;
  private readonly failures: AddressWindows | undefined;

  constructor(
    @Inject(PUSHER_OPTIONS) options: PusherOptions,
    private readonly clients: ClientAddress,
    private readonly counters: TrafficCounters,
  ) {
    this.connections = windowsOf(options.addressConnectionsPerMinute);
    this.failures = windowsOf(options.addressFailedAuthenticationsPerMinute);
  }

  /** Counts a new connection. @returns why it is refused, if it is */
  connectionFault(request: IncomingMessage): ClosingError | undefined {
    const { connections, failures } = this;
    if (connections === undefined && failures === undefined) return undefined;
    const address = this.clients.of(request);
    if (address === '') return undefined;
    const nowMs = performance.now();
    if (failures !== undefined && failures.waitMs(address, nowMs) > 0) return this.shutOut();
    if (connections === undefined || connections.take(address, nowMs)) return undefined;
    this.counters.addressLimited.connections++;
    return refusal('Too many connections from this address. Please reconnect later.');
  }

  /** How long no request of a client is looked at; 0: it is welcome. Counts those that are not. */
  shutOutMs(request: IncomingMessage): number {
    const waitMs = this.failures?.waitMs(this.clients.of(request), performance.now()) ?? 0;
    if (waitMs > 0) this.counters.addressLimited.authentications++;
    return waitMs;
  }

  /** Counts a request, or an attempt to connect, that could not show whose it is. */
  requestFailed(request: IncomingMessage): void {
    if (this.failures !== undefined) this.count(this.failures, this.clients.of(request));
  }

  /** Counts a wrong signature on an open connection. @throws ClosingError when its address has had too many */
  connectionFailed({ client }: Connection): void {
    if (this.failures === undefined || this.count(this.failures, client.address)) return;
    throw this.shutOut();
  }

  private count(failures: AddressWindows, address: string): boolean {
    return address === '' || failures.take(address, performance.now());
  }

  private shutOut(): ClosingError {
    this.counters.addressLimited.authentications++;
    return refusal('Too many failed authentications from this address. Please reconnect later.');
  }
}

/** @param limit 0: none */
function windowsOf(limit: number): AddressWindows | undefined {
  return limit === 0 ? undefined : new AddressWindows(limit, WINDOW_MS, MAX_ADDRESSES);
}

const refusal = (sentence: string) => new ClosingError(PusherErrorCode.TOO_MANY_ATTEMPTS, sentence);
