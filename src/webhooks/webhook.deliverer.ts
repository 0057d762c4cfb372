import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ApplicationProvider } from '../applications/application-provider.js';
import type { Application, WebhookEndpoint } from '../applications/application.js';
import {
  WebhookQueue,
  type WebhookBatch,
  type WebhookLane,
  type WebhookVerdict,
} from '../scaling/webhook-queue.js';
import { Tracing } from '../tracing/tracing.js';
import { verdictOn, type DeliveryOutcome } from './retry-policy.js';
import { planOf } from './webhook-plan.js';
import { bodyOf, headersOf } from './webhook-request.js';
import { WebhookCounters } from './webhook.counters.js';
import { WEBHOOK_OPTIONS, type WebhookOptions } from './webhook.options.js';
import { WebhookSender } from './webhook.sender.js';

/** A delivery, and what became of it. */
export interface WebhookDelivery {
  readonly batch: WebhookBatch;
  /** Where to; as it is configured, query and all. */
  readonly url: string;
  readonly outcome: DeliveryOutcome;
  readonly verdict: WebhookVerdict;
  readonly tookMs: number;
}

/** What the queue may take besides, to come to an end. */
const MARGIN_MS = 500;

/** Delivers what stands in the queue: finds the endpoint, signs, sends, and says what becomes of it. */
@Injectable()
export class WebhookDeliverer implements OnModuleInit {
  private readonly logger = new Logger('Webhooks');
  /** Is told of every delivery; must not throw. Null while nobody wants to know. */
  observer: ((delivery: WebhookDelivery) => void) | null = null;
  /** Lanes whose endpoints fail, as was logged. */
  private readonly failing = new Set<string>();

  constructor(
    private readonly queue: WebhookQueue,
    private readonly applications: ApplicationProvider,
    private readonly sender: WebhookSender,
    private readonly counters: WebhookCounters,
    private readonly tracing: Tracing,
    @Inject(WEBHOOK_OPTIONS) private readonly options: WebhookOptions,
  ) {
    const { batchWindowMs } = options;
    queue.open({ batchWindowMs, deliver: (batch) => this.deliver(batch) });
  }

  async onModuleInit(): Promise<void> {
    if (this.applications.mayHaveWebhooks()) await this.queue.prepare();
  }

  /** Delivers what can be, for as long as an endpoint may take to answer; then nothing more. */
  async close(): Promise<void> {
    const lost = await this.queue.close(this.options.timeoutSeconds * 1000 + MARGIN_MS);
    if (lost > 0) this.logger.warn(`${lost} webhook events are lost with this process`);
  }

  private async deliver(batch: WebhookBatch): Promise<WebhookVerdict> {
    const beganMs = performance.now();
    let outcome: DeliveryOutcome;
    let url = '';
    try {
      const application = await this.applications.findById(batch.appId);
      const endpoint = application && planOf(application).find(batch.endpointId);
      if (endpoint === undefined) return this.discard(batch);
      url = endpoint.url;
      outcome = await this.send(batch, application!, endpoint);
    } catch (error) {
      this.logger.error('A webhook could not be delivered', error);
      outcome = { isDelivered: false, isAnswered: false, cause: 'The server failed, see its log' };
    }
    const verdict = this.judge(batch, outcome);
    const { observer } = this;
    observer?.({ batch, url, outcome, verdict, tookMs: performance.now() - beganMs });
    return verdict;
  }

  private async send(
    { appId, endpointId, events }: WebhookBatch,
    { keys }: Application,
    { url, headers }: WebhookEndpoint,
  ): Promise<DeliveryOutcome> {
    const body = bodyOf(events, Date.now());
    const span = this.tracing.tracer?.deliver(appId, new URL(url), events.length);
    const signed = headersOf(body, keys[0]!, headers);
    if (span?.traceparent !== undefined) signed.push('traceparent', span.traceparent);
    const outcome = await this.sender.post(url, signed, body);
    span?.end(outcome.isDelivered ? undefined : outcome.cause);
    this.logChange({ appId, endpointId }, url, outcome);
    return outcome;
  }

  private judge(batch: WebhookBatch, outcome: DeliveryOutcome): WebhookVerdict {
    const terms = {
      nowMs: Date.now(),
      windowMs: this.options.retryWindowSeconds * 1000,
      random: Math.random(),
    };
    const verdict = verdictOn(batch, outcome, terms);
    if (batch.failures > 0) this.counters.retried++;
    if (outcome.isDelivered) {
      this.counters.delivered++;
      this.counters.eventsDelivered += batch.events.length;
    } else {
      this.counters.failed++;
      this.counters.deadLetters += verdict.taken;
    }
    return verdict;
  }

  /** The configuration has changed since: nobody is there to be told. */
  private discard({ appId, endpointId, events }: WebhookBatch): WebhookVerdict {
    this.counters.discarded += events.length;
    const reason = { appId, endpointId, events: events.length };
    this.logger.warn('Webhook events are discarded, as their endpoint is not configured', reason);
    return { taken: events.length, isFailure: false, pauseMs: 0 };
  }

  private logChange(lane: WebhookLane, url: string, outcome: DeliveryOutcome): void {
    const key = `${lane.appId} ${lane.endpointId}`;
    if (outcome.isDelivered !== this.failing.has(key)) return;
    // The query may hold a secret.
    const { origin, pathname } = new URL(url);
    const endpoint = { appId: lane.appId, url: origin + pathname };
    if (outcome.isDelivered) {
      this.failing.delete(key);
      this.logger.log('A webhook endpoint takes events again', endpoint);
    } else {
      this.failing.add(key);
      const details = { ...endpoint, cause: outcome.cause };
      this.logger.warn('A webhook endpoint fails; its events are tried again', details);
    }
  }
}
