import { Inject, Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { channelKindOf, isChannelName } from '../channels/channel-name.js';
import { notFound } from '../pusher/http/api-error.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { SCALING_OPTIONS, type ScalingOptions } from '../scaling/scaling.options.js';
import { StateStore } from '../scaling/state-store.js';
import { WebhookQueue } from '../scaling/webhook-queue.js';
import { DeadLetters } from '../webhooks/dead-letters.js';
import { ClusterInspection } from './asking/cluster-inspection.js';
import { channelRowOf, deadWebhookOf, sumOf } from './browsed-rows.js';
import { ChannelLists } from './channel-lists.js';
import type {
  ApplicationList,
  ChannelDetails,
  ChannelList,
  ChartList,
  ConnectionDetails,
  ConnectionList,
  NodeList,
  WebhookOverview,
} from './contract.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from './inspector.options.js';
import { shownData } from './watching/shown-data.js';
import { withoutQuery } from './without-query.js';

const MAX_MEMBERS = 10_000;

/** What there is, over all nodes. */
@Injectable()
export class BrowseService {
  constructor(
    private readonly nodesOfCluster: ClusterInspection,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly channelLists: ChannelLists,
    private readonly queue: WebhookQueue,
    private readonly deadLetters: DeadLetters,
    @Inject(SCALING_OPTIONS) private readonly scaling: ScalingOptions,
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
  ) {}

  async applications(): Promise<ApplicationList> {
    const { answers, isPartial } = await this.nodesOfCluster.ask('applications', {});
    const connections = sumOf(answers.map(({ content }) => content));
    const applications = [...connections].map(([id, count]) => ({ id, connections: count }));
    applications.sort((one, other) => (one.id < other.id ? -1 : 1));
    return { applications, isPartial };
  }

  async nodes(): Promise<NodeList> {
    const { answers, silent, isPartial } = await this.nodesOfCluster.ask('node', {});
    const nodes = answers.map(({ nodeId, content, tookMs: answeredInMs }) => ({
      ...content,
      nodeId,
      answeredInMs,
    }));
    nodes.sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
    const { heartbeatSeconds, leaseSeconds } = this.scaling;
    return { nodes, silent, lease: { heartbeatSeconds, leaseSeconds }, isPartial };
  }

  async charts(): Promise<ChartList> {
    const { answers, isPartial } = await this.nodesOfCluster.ask('charts', {});
    const nodes = answers.map(({ content }) => content);
    nodes.sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
    return { nodes, isPartial };
  }

  async channels({ id: appId }: Application, search: string): Promise<ChannelList> {
    const [found, rates] = await Promise.all([
      this.channelLists.find(appId, search),
      this.ratesOf(appId),
    ]);
    const { total, isPartial } = found;
    const channels = found.channels.map((state) => channelRowOf(state, rates.get(state.channel)));
    return { channels, total, isPartial };
  }

  /** @throws ApiError 404 for what is no name of a channel */
  async channel(application: Application, name: string): Promise<ChannelDetails> {
    const { id: appId, maxChannelNameLength } = application;
    if (!isChannelName(name, maxChannelNameLength)) throw notFound('No channel has this name.');
    const { isCache, isPresence } = channelKindOf(name);
    const [state, cached, members, { answers, isPartial }] = await Promise.all([
      this.state.channel(appId, name),
      isCache ? this.state.cachedEvent(appId, name) : undefined,
      isPresence ? this.state.userIds(appId, name) : undefined,
      this.nodesOfCluster.ask('channel', { appId, channel: name }),
    ]);
    const rate = answers.reduce((sum, { content }) => sum + content.rate, 0);
    return {
      ...channelRowOf(state, rate),
      subscribers: answers.flatMap(({ content }) => content.subscribers),
      ...(members !== undefined && { members: members.slice(0, MAX_MEMBERS) }),
      ...(cached !== undefined && {
        cached: {
          event: cached.event,
          ttlSeconds: cached.ttlSeconds,
          bytes: Buffer.byteLength(cached.data),
          ...shownData(cached.data, this.options.payloads),
        },
      }),
      isPartial: isPartial || this.isDown,
    };
  }

  async connections({ id: appId }: Application, search: string): Promise<ConnectionList> {
    const { answers, isPartial } = await this.nodesOfCluster.ask('connections', { appId, search });
    return {
      connections: answers.flatMap(({ content }) => content.connections),
      total: answers.reduce((sum, { content }) => sum + content.total, 0),
      isPartial,
    };
  }

  /** @throws ApiError 404 */
  async connection({ id: appId }: Application, socketId: string): Promise<ConnectionDetails> {
    const { answers, isPartial } = await this.nodesOfCluster.ask('connection', { appId, socketId });
    const found = answers.find(({ content }) => content !== null)?.content;
    if (found) return found;
    throw notFound(
      isPartial
        ? `No connection ${socketId} on the nodes that answer.`
        : `The connection ${socketId} is gone.`,
    );
  }

  async webhooks(application: Application): Promise<WebhookOverview> {
    const [letters, waiting, { answers, isPartial }] = await Promise.all([
      this.deadLetters.list(application),
      this.queue.length(),
      this.nodesOfCluster.ask('webhooks', {}),
    ]);
    const counts = sumOf(answers.map(({ content }) => content));
    return {
      delivered: counts.get('delivered') ?? 0,
      failed: counts.get('failed') ?? 0,
      retried: counts.get('retried') ?? 0,
      waiting,
      dead: letters.map((letter) => deadWebhookOf(letter, this.options.payloads)),
      endpoints: application.webhooks.map(({ url }) => withoutQuery(url)),
      isPartial,
    };
  }

  private async ratesOf(appId: string): Promise<ReadonlyMap<string, number>> {
    const { answers } = await this.nodesOfCluster.ask('rates', { appId });
    return sumOf(answers.map(({ content }) => content));
  }

  private get isDown(): boolean {
    return this.cluster.status === 'down';
  }
}
