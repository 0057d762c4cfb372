import { NestFactory } from '@nestjs/core';
import {
  PubSubProvider,
  ScalingModule,
  StateStore,
  type MembersChange,
  type PartialScalingOptions,
} from 'revurb';
import { NatsModule } from '../nats.module.js';
import { NatsPubSubProvider } from '../nats-pub-sub.provider.js';
import { NatsStateStore } from '../nats-state-store.js';

/** The two parts of the driver on one node, as a server has them. */
export interface TestNode {
  readonly pubSub: PubSubProvider;
  readonly stateStore: StateStore;
  /** Stops it in order. */
  close(): Promise<void>;
}

/** Starts a node that reaches NATS at an address. Resolves when it is up, or after a second. */
export async function startNode(
  servers: string,
  options: PartialScalingOptions = {},
): Promise<TestNode> {
  const scaling = ScalingModule.forRoot({
    enabled: true,
    driver: 'nats',
    drivers: { nats: { pubSub: NatsPubSubProvider, stateStore: NatsStateStore } },
    imports: [NatsModule.forRoot({ servers })],
    ...options,
  });
  const node = await NestFactory.createApplicationContext(scaling, {
    logger: false,
    abortOnError: false,
  });
  return {
    pubSub: node.get(PubSubProvider),
    stateStore: node.get(StateStore),
    close: () => node.close(),
  };
}

/** Starts some nodes of one cluster. */
export function startNodes(
  count: number,
  servers: string,
  options: PartialScalingOptions = {},
): Promise<TestNode[]> {
  return Promise.all(Array.from({ length: count }, () => startNode(servers, options)));
}

/** What nodes were told although nobody called for it. */
export class Told {
  readonly changes: MembersChange[] = [];
  /** `user` came online, or went: `-user`. */
  readonly statuses: string[] = [];
  restored = 0;

  constructor(nodes: readonly TestNode[]) {
    for (const { stateStore } of nodes) {
      stateStore.listen({
        onMembersChanged: (change) => this.changes.push(change),
        onUserStatus: (_, userId, isOnline) => this.statuses.push(isOnline ? userId : `-${userId}`),
        onPlaceChanged: () => undefined,
        onRestored: () => this.restored++,
      });
    }
  }

  /** `user` joined, or left: `-user`; of all channels, sorted. */
  get members(): readonly string[] {
    const told = this.changes.flatMap(({ left, joined }) => [
      ...left.map((userId) => `-${userId}`),
      ...joined.map(({ userId }) => userId),
    ]);
    return told.sort();
  }
}
