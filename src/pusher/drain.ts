import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';
import { ConnectionRegistry } from '../connections/connection.registry.js';
import { FlushQueue } from '../connections/delivery/flush-queue.js';
import { ExtensionRegistry } from '../extensions/extension.registry.js';
import { StateStore } from '../scaling/state-store.js';
import { WebhookReporter } from '../webhooks/webhook.reporter.js';
import { PusherError, PusherErrorCode } from './protocol/pusher-error.js';
import { errorFrame } from './protocol/server-frame.js';
import { PUSHER_OPTIONS, type PusherOptions } from './pusher.options.js';

const GOODBYE = new PusherError(
  PusherErrorCode.INVALID_MESSAGE,
  'Server closed. Please reconnect shortly.',
);
const GOODBYE_FRAME = errorFrame(GOODBYE);

/** So few connections close at once; that many coming back hurts nobody. */
const SMALL_CROWD = 50;
const TICK_MS = 50;
/** How long peers have to answer the close. */
const FAREWELL_MS = 1000;

/**
 * Empties the server before it stops (protocol, section 8): refuses newcomers, then closes the
 * connections spread over the drain window, since clients add no jitter of their own.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Drain.name);
  /** The server is going away: newcomers are refused, and load balancers are told. */
  isDraining = false;
  private readonly emptiedListeners: (() => void)[] = [];

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly queue: FlushQueue,
    private readonly state: StateStore,
    private readonly extensions: ExtensionRegistry,
    private readonly webhooks: WebhookReporter,
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
  ) {}

  /** Calls back when the last connection is gone, while other nodes can still be told of it. */
  whenEmptied(listener: () => void): void {
    this.emptiedListeners.push(listener);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    await this.state.handOver();
    this.queue.drain();
    const connections = [...this.registry];
    await this.closeAll(connections);
    await this.waitForPeers();
    for (const listener of this.emptiedListeners) listener();
    await this.extensions.settle();
    await this.webhooks.close();
    this.logger.log(`Closed ${connections.length} connections`);
  }

  private async closeAll(connections: readonly Connection[]): Promise<void> {
    const windowMs =
      connections.length > SMALL_CROWD ? this.options.shutdownDrainSeconds * 1000 : 0;
    const startMs = performance.now();
    let closed = 0;
    for (;;) {
      const share = windowMs === 0 ? 1 : (performance.now() - startMs + TICK_MS) / windowMs;
      const due = Math.min(connections.length, Math.ceil(connections.length * share));
      for (; closed < due; closed++) {
        connections[closed]!.close(GOODBYE.code, GOODBYE.message, GOODBYE_FRAME);
      }
      if (closed === connections.length) return;
      await sleep(TICK_MS);
    }
  }

  /** Those who were refused or closed before are waited for as well, and no longer. */
  private async waitForPeers(): Promise<void> {
    const { closing } = this.registry;
    const endMs = performance.now() + FAREWELL_MS;
    while (closing.size > 0 && performance.now() < endMs) await sleep(TICK_MS / 5);
    for (const connection of closing) connection.terminate();
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
