import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Agent } from 'undici';
import { RefusedAddressError } from './address-guard.js';
import type { DeliveryOutcome } from './retry-policy.js';
import { WEBHOOK_OPTIONS, type WebhookOptions } from './webhook.options.js';

/** Nobody reads what an endpoint answers; a longer answer costs it its connection. */
const MAX_ANSWER_BYTES = 65_536;

/** Sends deliveries over connections that are kept, and follows nobody anywhere else. */
@Injectable()
export class WebhookSender implements OnApplicationShutdown {
  private readonly timeoutMs: number;
  /** Loaded with the first delivery, as most servers have no webhooks. */
  private agent: Promise<Agent> | undefined;

  constructor(@Inject(WEBHOOK_OPTIONS) private readonly options: WebhookOptions) {
    this.timeoutMs = options.timeoutSeconds * 1000;
  }

  /** Ends all connections at once; what is under way fails. */
  async onApplicationShutdown(): Promise<void> {
    const agent = await this.agent;
    await agent?.destroy();
  }

  /** Sends one delivery. Never rejects. @param headers name and value by turns */
  async post(url: string, headers: string[], body: string): Promise<DeliveryOutcome> {
    const { origin, pathname, search } = new URL(url);
    const agent = await (this.agent ??= this.createAgent());
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      const answer = await agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers,
        body,
        signal,
      });
      // What was answered is known; that the rest is read only keeps the connection.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
      const { statusCode } = answer;
      if (statusCode >= 200 && statusCode < 300) return { isDelivered: true };
      return { isDelivered: false, isAnswered: true, cause: `It answered ${statusCode}` };
    } catch (error) {
      return { isDelivered: false, isAnswered: false, cause: this.causeOf(error) };
    }
  }

  private async createAgent(): Promise<Agent> {
    const { createAgent } = await import('./webhook-agent.js');
    return createAgent(this.options);
  }

  private causeOf(error: unknown): string {
    if (error instanceof RefusedAddressError) return error.message;
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      return `It did not answer within ${this.timeoutMs / 1000} seconds`;
    }
    if (code === 'ECONNREFUSED') return 'It refused the connection';
    return `It could not be reached: ${message || code || name}`;
  }
}
