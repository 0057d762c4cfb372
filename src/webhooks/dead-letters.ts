import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { WebhookQueue, type DeadLetter } from '../scaling/webhook-queue.js';
import { planOf } from './webhook-plan.js';

/** A dead letter, and where it was to go. */
export interface AddressedDeadLetter extends DeadLetter {
  /** null when the application has no such endpoint any more. */
  readonly url: string | null;
}

/** The events of an application that could not be delivered, on whatever node. */
@Injectable()
export class DeadLetters {
  constructor(private readonly queue: WebhookQueue) {}

  /** The oldest first. @throws OverloadError when they cannot be asked for */
  async list(application: Application): Promise<readonly AddressedDeadLetter[]> {
    const plan = planOf(application);
    const letters = await this.queue.deadLetters(application.id);
    return letters.map((letter) => ({ ...letter, url: plan.find(letter.endpointId)?.url ?? null }));
  }

  /**
   * Sends some again, or all if none are named, in the order in which they died. Those whose endpoint is
   * gone stay.
   * @returns how many
   * @throws OverloadError when that cannot be done now
   */
  async resend(application: Application, ids?: readonly string[]): Promise<number> {
    const wanted = ids && new Set(ids);
    const letters = await this.list(application);
    const due = letters.filter(({ id, url }) => url !== null && (wanted?.has(id) ?? true));
    return this.queue.resend(
      application.id,
      due.map(({ id }) => id),
    );
  }
}
