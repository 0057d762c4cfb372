import { Injectable } from '@nestjs/common';
import type { Application } from '../../applications/application.js';
import type { PublishedEvent } from '../../channels/published-event.js';
import { TrafficCounters } from '../../connections/traffic-counters.js';
import {
  attributeNamesOf,
  hasAttribute,
  type ChannelAttribute,
  type ChannelInfo,
} from '../../metrics/channel-info.js';
import { MetricsHandler } from '../../metrics/metrics.handler.js';
import { andThen, type Awaitable } from '../../scaling/awaitable.js';
import { StateStore } from '../../scaling/state-store.js';
import type { TraceCarrier } from '../../tracing/tracing.js';
import { Drain } from '../drain.js';
import { EventDispatcher } from '../event.dispatcher.js';
import { badRequest, shuttingDown, tooManyRequests } from './api-error.js';
import type { SignedRequest } from './api-request.js';
import { BatchEventDto, BatchEventsDto } from './dto/batch-events.dto.js';
import { PublishEventDto } from './dto/publish-event.dto.js';
import { channelsOf, eventOf } from './event-rules.js';
import { PartialAnswer } from './partial-answer.js';
import { isPlainBatchEvent, isPlainEvent } from './plain-event.js';
import { parseJsonObject, validate } from './validate.js';

const NOTHING: object = Object.freeze({});
const IDEMPOTENCY_TTL_SECONDS = 120;
const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** What the two calls that publish do, whoever brings them here (http-api, section 2). */
@Injectable()
export class PublishService {
  constructor(
    private readonly dispatcher: EventDispatcher,
    private readonly metrics: MetricsHandler,
    private readonly partial: PartialAnswer,
    private readonly state: StateStore,
    private readonly drain: Drain,
    private readonly counters: TrafficCounters,
  ) {}

  /**
   * Publishes one event to one or more channels.
   * @param key of `X-Idempotency-Key`
   * @returns the body of the answer
   * @throws ApiError, OverloadError
   */
  publish(request: SignedRequest, key: string | undefined): Awaitable<object> {
    const { application, body } = request;
    const parsed = parseJsonObject(body);
    const dto = isPlainEvent(parsed) ? parsed : validate(PublishEventDto, parsed);
    const event = eventOf(dto, channelsOf(dto, application), application);
    const names = attributeNamesOf(dto.info ?? undefined);
    return this.once(application, 'events', key ?? dto.idempotency_key, () =>
      andThen(this.dispatch(application, [event], carrierOf(request)), () =>
        names.length === 0 ? NOTHING : this.infosOf(request, event.channels, names),
      ),
    );
  }

  /** Publishes several events, all or none of them; as {@link publish}. */
  publishBatch(request: SignedRequest, key: string | undefined): Awaitable<object> {
    const { application, body } = request;
    const dto = validate(BatchEventsDto, parseJsonObject(body));
    const limit = application.maxBatchSize;
    if (dto.batch.length > limit) {
      throw badRequest(`batch: Batch too large, it has more than ${limit} events.`);
    }
    const items = dto.batch.map((item, i) =>
      isPlainBatchEvent(item) ? item : validate(BatchEventDto, item, `batch[${i}].`),
    );
    const events = items.map((item, i) =>
      eventOf(item, [item.channel], application, `batch[${i}].`),
    );
    return this.once(application, 'batch', key ?? dto.idempotency_key, () =>
      andThen(this.dispatch(application, events, carrierOf(request)), () =>
        this.batchInfosOf(request, items),
      ),
    );
  }

  /**
   * Publishes events that are within the other limits of the application, within its rate.
   * @param carrier the headers of the request that brings them, if they are not of code
   * @throws ApiError 400, 429 or 503, OverloadError, and what extensions refuse it with
   */
  dispatch(
    application: Application,
    events: readonly PublishedEvent[],
    carrier?: TraceCarrier,
  ): Awaitable<void> {
    if (this.drain.isDraining) throw shuttingDown();
    const { id, publishesPerSecond: limit } = application;
    if (limit === 0) return this.dispatcher.send(application, events, carrier);
    if (events.length > limit) {
      throw badRequest(`batch: application ${id} may publish only ${limit} events a second.`);
    }
    return andThen(this.state.take(id, 'publishes', events.length, limit, 1000), (isTaken) => {
      if (isTaken) return this.dispatcher.send(application, events, carrier);
      this.counters.of(id).limited.publishes++;
      throw tooManyRequests(`Application ${id} may publish ${limit} events a second.`);
    });
  }

  private async infosOf(
    request: SignedRequest,
    channels: readonly string[],
    names: readonly string[],
  ): Promise<object> {
    const infos = await Promise.all(
      channels.map(async (channel) => {
        return [channel, await this.infoOf(request, channel, names)] as const;
      }),
    );
    return { channels: Object.fromEntries(infos) };
  }

  private async batchInfosOf(
    request: SignedRequest,
    items: readonly BatchEventDto[],
  ): Promise<object> {
    if (items.every(({ info }) => attributeNamesOf(info ?? undefined).length === 0)) return NOTHING;
    const batch = await Promise.all(
      items.map(({ channel, info }) =>
        this.infoOf(request, channel, attributeNamesOf(info ?? undefined)),
      ),
    );
    return { batch };
  }

  /** Attributes a channel cannot have are left out. */
  private async infoOf(
    request: SignedRequest,
    channel: string,
    names: readonly string[],
  ): Promise<ChannelInfo> {
    const attributes = names.filter((name): name is ChannelAttribute =>
      hasAttribute(channel, name),
    );
    const { occupied: _, ...info } = await this.partial.of(request, () =>
      this.metrics.channel(request.application.id, channel, attributes),
    );
    return info;
  }

  /** The same key within two minutes gets the first answer again, and nothing is delivered. */
  private once(
    { id }: Application,
    call: string,
    key: string | null | undefined,
    publish: () => Awaitable<object>,
  ): Awaitable<object> {
    if (key === undefined || key === null) return publish();
    if (key === '' || key.length > MAX_IDEMPOTENCY_KEY_LENGTH) {
      throw badRequest(
        `The idempotency key must have 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} characters.`,
      );
    }
    const answer = this.state.once(id, `${call} ${key}`, IDEMPOTENCY_TTL_SECONDS, async () =>
      JSON.stringify(await publish()),
    );
    return answer.then((text) => JSON.parse(text) as object);
  }
}

const carrierOf = ({ response }: SignedRequest): TraceCarrier => response.req.headers;
