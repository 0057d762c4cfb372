import { withDefaults } from '../with-defaults.js';

/** Token of the {@link WebhookOptions}. */
export const WEBHOOK_OPTIONS = Symbol('WEBHOOK_OPTIONS');

/** How webhooks are delivered, whatever the application. */
export interface WebhookOptions {
  /** How long a channel, a member or a user may be gone before it is told. */
  readonly graceSeconds: number;
  /** How long an endpoint has to answer. */
  readonly timeoutSeconds: number;
  /** How long an event is tried before it becomes a dead letter. */
  readonly retryWindowSeconds: number;
  /** How long events for an endpoint are gathered; 0: those that come while others are on their way. */
  readonly batchWindowMs: number;
  /** Endpoints may have addresses that are not of the public internet. */
  readonly privateAddresses: boolean;
}

/** The options of a server that is told nothing. */
export const DEFAULT_WEBHOOK_OPTIONS: WebhookOptions = Object.freeze({
  graceSeconds: 3,
  timeoutSeconds: 5,
  retryWindowSeconds: 300,
  batchWindowMs: 0,
  privateAddresses: true,
});

/** Completes options with the defaults; what is undefined counts as not given. */
export function completeWebhookOptions(options: Partial<WebhookOptions>): WebhookOptions {
  return withDefaults(DEFAULT_WEBHOOK_OPTIONS, options);
}
