import { Injectable } from '@nestjs/common';
import { ApplicationProvider } from '../../applications/application-provider.js';
import { ChannelManager } from '../../channels/channel.manager.js';
import { CoarseClock } from '../../connections/coarse-clock.js';
import type { Connection } from '../../connections/connection.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { TrafficCounters } from '../../connections/traffic-counters.js';
import { NodeSurvey } from '../../metrics/node-survey.js';
import { EventLoopLag } from '../../metrics/event-loop-lag.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import { WebhookCounters } from '../../webhooks/webhook.counters.js';
import { ChartSampler } from '../charts/chart-sampler.js';
import type { ConnectionDetails, NodeRow } from '../contract.js';
import { INSPECTOR_APP_ID } from '../feed-channel.js';
import { MANY_IN_A_TURN, nextTurn } from '../next-turn.js';
import { TrafficTap } from '../watching/traffic-tap.js';
import { connectionRowOf, isFound, subscriberRowOf } from './connection-rows.js';
import type { Questions } from './question.js';

/** Of one list of one node. */
const MAX_ROWS = 1000;

type Answer<S extends keyof Questions> = Questions[S][1];

/** What this node has to say of itself. */
@Injectable()
export class NodeAnswers {
  constructor(
    private readonly cluster: ClusterService,
    private readonly applications: ApplicationProvider,
    private readonly registry: ConnectionRegistry,
    private readonly channels: ChannelManager,
    private readonly traffic: TrafficCounters,
    private readonly clock: CoarseClock,
    private readonly survey: NodeSurvey,
    private readonly lag: EventLoopLag,
    private readonly webhookCounters: WebhookCounters,
    private readonly sampler: ChartSampler,
    private readonly tap: TrafficTap,
  ) {}

  /** Those that are configured, and those that had something to do here. */
  applicationsHere(): Answer<'applications'> {
    const ids = new Set(this.applications.ids());
    for (const [appId] of this.traffic) ids.add(appId);
    ids.delete(INSPECTOR_APP_ID);
    return Object.fromEntries([...ids].map((appId) => [appId, this.registry.sizeOf(appId)]));
  }

  /** The busiest first, a thousand at most. */
  rates({ appId }: Questions['rates'][0]): Answer<'rates'> {
    const rates = [...this.tap.ratesOf(appId)];
    if (rates.length > MAX_ROWS) rates.sort(([, one], [, other]) => other - one);
    return Object.fromEntries(rates.slice(0, MAX_ROWS));
  }

  channel({ appId, channel: name }: Questions['channel'][0]): Answer<'channel'> {
    const rate = this.tap.ratesOf(appId).get(name) ?? 0;
    const subscribers: Answer<'channel'>['subscribers'][number][] = [];
    for (const seat of this.channels.find(appId, name)?.fanOut ?? []) {
      if (subscribers.length === MAX_ROWS) break;
      const connection = seat.outlet as Connection;
      const userId = this.channels.userIdIn(connection, name);
      subscribers.push(subscriberRowOf(connection, userId, this.cluster.nodeId));
    }
    return { subscribers, rate };
  }

  /** Others have their turn meanwhile, however many there are to be searched. */
  async connections({
    appId,
    search,
  }: Questions['connections'][0]): Promise<Answer<'connections'>> {
    const nowMs = this.clock.advance();
    const connections: Answer<'connections'>['connections'][number][] = [];
    let total = 0;
    let seen = 0;
    for (const connection of this.registry.of(appId)) {
      seen++;
      if (seen % MANY_IN_A_TURN === 0) await nextTurn();
      if (search !== '' && !isFound(connection, search)) continue;
      total++;
      if (connections.length < MAX_ROWS) {
        connections.push(connectionRowOf(connection, this.cluster.nodeId, nowMs));
      } else if (search === '') {
        return { connections, total: this.registry.sizeOf(appId) };
      }
    }
    return { connections, total };
  }

  connection({ appId, socketId }: Questions['connection'][0]): ConnectionDetails | null {
    const connection = this.registry.find(appId, socketId);
    if (connection === undefined) return null;
    const subscriptions: ConnectionDetails['subscriptions'][number][] = [];
    for (const { channel, member } of this.channels.subscriptionsOf(connection)) {
      if (subscriptions.length === MAX_ROWS) break;
      const userId = member?.userId;
      subscriptions.push({ channel: channel.name, ...(userId !== undefined && { userId }) });
    }
    return {
      ...connectionRowOf(connection, this.cluster.nodeId, this.clock.advance()),
      subscriptions,
      watchlist: connection.user?.watchlist.length ?? 0,
    };
  }

  node(): Omit<NodeRow, 'nodeId' | 'answeredInMs'> | undefined {
    const figures = this.survey.own();
    if (figures === undefined) return undefined;
    return {
      ...figures,
      load: this.sampler.load,
      eventLoopLagMs: this.lag.ms,
      cluster: this.cluster.status,
    };
  }

  charts(): Answer<'charts'> {
    return this.sampler.charts();
  }

  webhooks(): Answer<'webhooks'> {
    const { delivered, failed, retried } = this.webhookCounters;
    return { delivered, failed, retried };
  }
}
