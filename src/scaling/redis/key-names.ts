/** A roster: the members of a presence channel, or the signed-in users or the places of an application. */
export interface RosterName {
  readonly appId: string;
  /** Undefined: the signed-in users. {@link PLACES}: the places. */
  readonly channel: string | undefined;
}

/** Stands in place of a channel; none can be called so. */
export const PLACES = '#places';

/** Whoever leaves this roster is missed only after a grace. */
export function isGraced({ channel }: RosterName): boolean {
  return channel === undefined || channel === PLACES;
}

/** The keys of one roster; all of them are served by one node of a Redis Cluster. */
export interface RosterKeys {
  readonly state: string;
  readonly members: string;
  readonly holders: string;
  readonly leaving: string;
  readonly claimed: string;
  /** The users that a node holds. */
  own(nodeId: string): string;
}

/** The keys of what one node keeps for itself; all of them are served by one node of a Redis Cluster. */
export interface NodeKeys {
  readonly epoch: string;
  readonly rosters: string;
  readonly applications: string;
  subscriptions(appId: string): string;
}

/** The keys of the webhooks; all of them are served by one node of a Redis Cluster. */
export interface WebhookKeys {
  /** What BullMQ's keys begin with. */
  readonly jobs: string;
  readonly lanes: string;
  readonly told: string;
  readonly gone: string;
  readonly serial: string;
  /** What the keys of lanes begin with. */
  readonly lane: string;
  state(lane: string): string;
  origin(nodeId: string): string;
  dead(appId: string): string;
  order(appId: string): string;
}

/**
 * The names of the keys in Redis. All begin with the prefix. What must be served by one node of a
 * Redis Cluster has the same text in braces, its hash tag.
 */
export class KeyNames {
  /** In the order in which the scripts of the registry want them. */
  readonly registry: readonly string[];

  constructor(private readonly prefix: string) {
    const tag = this.tag('nodes');
    this.registry = ['leases', 'epochs', 'leaving', 'dead', 'graves', 'clock'].map(
      (part) => `${tag}:${part}`,
    );
  }

  roster({ appId, channel }: RosterName): RosterKeys {
    const tag = this.tag(channel === undefined ? `users ${appId}` : `roster ${appId} ${channel}`);
    return {
      state: `${tag}:state`,
      members: `${tag}:members`,
      holders: `${tag}:holders`,
      leaving: `${tag}:leaving`,
      claimed: `${tag}:claimed`,
      own: (nodeId) => `${tag}:node:${nodeId}`,
    };
  }

  node(nodeId: string): NodeKeys {
    const tag = this.tag(`node ${nodeId}`);
    return {
      epoch: `${tag}:epoch`,
      rosters: `${tag}:rosters`,
      applications: `${tag}:applications`,
      subscriptions: (appId) => `${tag}:subscriptions:${appId}`,
    };
  }

  get webhooks(): WebhookKeys {
    const tag = this.tag('webhooks');
    return {
      jobs: tag,
      lanes: `${tag}:lanes`,
      told: `${tag}:told`,
      gone: `${tag}:gone`,
      serial: `${tag}:serial`,
      lane: `${tag}:lane:`,
      state: (lane) => `${tag}:state:${lane}`,
      origin: (nodeId) => `${tag}:origin:${nodeId}`,
      dead: (appId) => `${tag}:dead:${appId}`,
      order: (appId) => `${tag}:order:${appId}`,
    };
  }

  connections(appId: string): string {
    return this.tag(`connections ${appId}`);
  }

  event(appId: string, channel: string): string {
    return this.tag(`cache ${appId} ${channel}`);
  }

  answer(appId: string, key: string): string {
    return this.tag(`once ${appId} ${key}`);
  }

  bucket(appId: string, bucket: string): string {
    return this.tag(`bucket ${appId} ${bucket}`);
  }

  private tag(text: string): string {
    return `${this.prefix}:{${text}}`;
  }
}

/** A roster as it stands in a set of a node. */
export function writeRosterName({ appId, channel }: RosterName): string {
  return channel === undefined ? appId : `${appId} ${channel}`;
}

/** The inverse of {@link writeRosterName}: neither application ids nor names of channels have blanks. */
export function readRosterName(text: string): RosterName {
  const blank = text.indexOf(' ');
  if (blank === -1) return { appId: text, channel: undefined };
  return { appId: text.slice(0, blank), channel: text.slice(blank + 1) };
}
