import { Injectable } from '@nestjs/common';
import { badRequest, tooManyRequests } from '../pusher/http/api-error.js';
import { validate } from '../pusher/http/validate.js';
import { ClusterInspection } from './asking/cluster-inspection.js';
import type { Watch, WatchAnswer } from './contract.js';
import { isWatchId } from './feed-channel.js';
import { WatchRequestDto } from './http/dto/watch-request.dto.js';
import { readFilter } from './watching/watch-filter.js';

/** Tells all nodes what a page wants to see. */
@Injectable()
export class WatchService {
  constructor(private readonly cluster: ClusterInspection) {}

  /** @throws ApiError 400; 429 when too many pages watch already */
  async renew(body: object): Promise<WatchAnswer> {
    const { watches: given, ended } = validate(WatchRequestDto, body);
    const watches = given.map((watch, i) => readWatch(watch, `watches[${i}]`));
    const { answers, isPartial } = await this.cluster.ask('watch', {
      watches,
      ended: ended ?? [],
    });
    if (answers.some(({ content }) => !content.hasRoom)) {
      throw tooManyRequests('Too many pages of inspectors are open already.', 10);
    }
    return { nodes: answers.map(({ nodeId }) => nodeId).sort(), isPartial };
  }
}

function readWatch(value: unknown, where: string): Watch {
  const { id, filter: given } = (value ?? {}) as Record<string, unknown>;
  if (!isWatchId(id)) {
    throw badRequest(`${where}.id must be 16 to 64 characters of [0-9a-zA-Z-].`);
  }
  const filter = readFilter(given);
  if (typeof filter === 'string') throw badRequest(`${where}.${filter}.`);
  return { id, filter };
}
