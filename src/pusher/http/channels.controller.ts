import { Controller, Get, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import type { Application } from '../../applications/application.js';
import { channelKindOf } from '../../channels/channel-name.js';
import {
  attributeNamesOf,
  hasAttribute,
  type ChannelAttribute,
} from '../../metrics/channel-info.js';
import { MetricsHandler } from '../../metrics/metrics.handler.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { badRequest } from './api-error.js';
import { ROUTE_ROOT } from './api-routes.js';
import { PartialAnswer } from './partial-answer.js';
import { Signed, type SignedRequest } from './api-request.js';
import { checkChannel } from './event-rules.js';
import { SignatureGuard } from './signature.guard.js';

/** Asking about channels: `GET /apps/{id}/channels`, `…/channels/{channel}`, `…/channels/{channel}/users`. */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: `${ROUTE_ROOT}/apps/:appId/channels`, version: VERSION_NEUTRAL })
export class ChannelsController {
  constructor(
    private readonly metrics: MetricsHandler,
    private readonly partial: PartialAnswer,
  ) {}

  /** The occupied channels, with what `info` asks for. */
  @Get()
  async list(@Signed() request: SignedRequest): Promise<object> {
    const { application, query } = request;
    const prefix = query.get('filter_by_prefix') ?? '';
    const attributes = attributeNamesOf(query.get('info')).map((name): ChannelAttribute => {
      if (name === 'user_count' && !prefix.startsWith('presence-')) {
        throw badRequest('info: user_count needs a filter_by_prefix that starts with presence-.');
      }
      if (name === 'user_count' || name === 'subscription_count') return name;
      throw badRequest(`info: a list of channels has no ${JSON.stringify(name)}.`);
    });
    const channels = await this.partial.of(request, () =>
      this.metrics.channels(application.id, prefix, attributes),
    );
    return { channels };
  }

  /** One channel, with what `info` asks for. */
  @Get(':channel')
  describe(@Signed() request: SignedRequest): Promise<object> {
    const { application, query, segments } = request;
    const channel = channelOf(segments, application);
    const attributes = attributeNamesOf(query.get('info')).map((name): ChannelAttribute => {
      if (hasAttribute(channel, name)) return name;
      throw badRequest(`info: a ${channelKindOf(channel).name} channel has no ${name}.`);
    });
    return this.partial.of(request, () =>
      this.metrics.channel(application.id, channel, attributes),
    );
  }

  /** The users in a presence channel. */
  @Get(':channel/users')
  async users(@Signed() request: SignedRequest): Promise<object> {
    const { application, segments } = request;
    const channel = channelOf(segments, application);
    if (!channelKindOf(channel).isPresence) {
      throw badRequest('Only presence channels have users.');
    }
    const users = await this.partial.of(request, () => this.metrics.users(application.id, channel));
    return { users: users.map((id) => ({ id })) };
  }
}

/** The channel in `/apps/{id}/channels/{channel}`. */
function channelOf(segments: readonly string[], application: Application): string {
  const channel = segments[3] ?? '';
  checkChannel(channel, application);
  return channel;
}
