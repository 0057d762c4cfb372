import { Injectable } from '@nestjs/common';
import type { Awaitable } from '../scaling/awaitable.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { describeChannel, type ChannelAttribute, type ChannelInfo } from './channel-info.js';
import { NodeSurvey, type SurveyResult } from './node-survey.js';

/** Answers what is going on in an application, over the whole cluster. Teams may inject it to ask. */
@Injectable()
export class MetricsHandler {
  constructor(
    private readonly state: StateStore,
    private readonly cluster: ClusterService,
    private readonly survey: NodeSurvey,
  ) {}

  /** The other nodes cannot be reached: what is answered now is what this node alone knows. */
  get isPartial(): boolean {
    return this.cluster.status === 'down';
  }

  /** What every live node tells of itself: connections, messages, memory. Takes a second at most. */
  nodes(): Promise<SurveyResult> {
    return this.survey.ask();
  }

  /** Open connections. */
  connections(appId: string): Awaitable<number> {
    return this.state.countConnections(appId);
  }

  /** Occupied channels by name, with the attributes asked for. A user's own channel is not one of them. */
  async channels(
    appId: string,
    prefix: string,
    attributes: readonly ChannelAttribute[],
  ): Promise<Record<string, ChannelInfo>> {
    const states = await this.state.channels(appId, prefix);
    const occupied = states.filter(({ channel }) => !channel.startsWith('#'));
    return Object.fromEntries(
      occupied.map((state) => [state.channel, describeChannel(state, attributes, undefined)]),
    );
  }

  /** One channel, occupied or not. */
  async channel(
    appId: string,
    channel: string,
    attributes: readonly ChannelAttribute[],
  ): Promise<{ occupied: boolean } & ChannelInfo> {
    const state = await this.state.channel(appId, channel);
    const cached = attributes.includes('cache')
      ? await this.state.cachedEvent(appId, channel)
      : undefined;
    return { occupied: state.subscriptions > 0, ...describeChannel(state, attributes, cached) };
  }

  /** Ids of the users in a presence channel, as strings, each once. */
  users(appId: string, channel: string): Awaitable<readonly string[]> {
    return this.state.userIds(appId, channel);
  }
}
