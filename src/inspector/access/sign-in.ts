import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { KnownSecret } from '../../known-secret.js';
import { InspectorCounters } from '../../metrics/inspector-counters.js';
import { AddressWindows } from '../../pusher/address-windows.js';
import { ClientAddress } from '../../pusher/client-address.js';
import { tooManyRequests, unauthorized } from '../../pusher/http/api-error.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';

/** Wrong secrets that one address may send, and how long that is remembered. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 65_536;

/** Knows the secrets. */
@Injectable()
export class SignIn {
  private readonly logger = new Logger('Inspector');
  private readonly failures = new AddressWindows(MAX_FAILURES, WINDOW_MS, MAX_ADDRESSES);
  private readonly secrets: readonly KnownSecret[];

  constructor(
    @Inject(INSPECTOR_OPTIONS) { password, token }: InspectorOptions,
    private readonly clients: ClientAddress,
    private readonly counters: InspectorCounters,
  ) {
    this.secrets = [password, token].flatMap((secret) =>
      secret === undefined ? [] : [new KnownSecret(secret)],
    );
  }

  /** @throws ApiError 401 when the secret is wrong; 429, without a look at it, after ten of them in a minute */
  check(request: IncomingMessage, secret: string): void {
    const address = this.clients.of(request);
    const waitMs = this.failures.waitMs(address, performance.now());
    if (waitMs > 0) {
      throw tooManyRequests(
        'Too many wrong passwords or tokens from this address. Try again later.',
        Math.ceil(waitMs / 1000),
      );
    }
    if (this.isSecret(secret)) return;
    this.counters.failedSignIns++;
    this.failures.take(address, performance.now());
    this.logger.warn('Somebody failed to sign in', { address });
    throw unauthorized('The password or token is wrong.');
  }

  /** Compares with all of them, so that it takes as long whatever is given. */
  private isSecret(given: string): boolean {
    return this.secrets.filter((secret) => secret.is(given)).length > 0;
  }
}
