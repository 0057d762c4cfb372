import { Injectable } from '@nestjs/common';
import type { Awaitable } from '../../scaling/awaitable.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import type { SignedRequest } from './api-request.js';

/** Set on what is answered from this node's own knowledge, because the other nodes cannot be reached. */
export const PARTIAL_HEADER = 'X-Revurb-Partial';

/** Says so where an answer is not that of the whole cluster. */
@Injectable()
export class PartialAnswer {
  constructor(private readonly cluster: ClusterService) {}

  /** Gives what `ask` gives, and marks the response if the others could not be reached meanwhile. */
  async of<T>({ response }: SignedRequest, ask: () => Awaitable<T>): Promise<T> {
    const wasDown = this.isDown;
    const answer = await ask();
    if (wasDown || this.isDown) response.setHeader(PARTIAL_HEADER, 'true');
    return answer;
  }

  private get isDown(): boolean {
    return this.cluster.status === 'down';
  }
}
