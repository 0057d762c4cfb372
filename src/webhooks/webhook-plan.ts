import { hash } from 'node:crypto';
import type { Application, WebhookEndpoint } from '../applications/application.js';
import { WEBHOOK_EVENT_TYPES, type WebhookEventType } from './webhook-event.js';
import { channelOf, PLACE_EVENTS, type WebhookPlace } from './webhook-place.js';

/** An endpoint, and its name in the queue. */
interface PlannedEndpoint extends WebhookEndpoint {
  readonly id: string;
}

const NOBODY: readonly string[] = Object.freeze([]);

/** Which endpoints of an application want which events, made ready for being asked often. */
export class WebhookPlan {
  private readonly endpoints: readonly PlannedEndpoint[];
  private readonly takers = new Map<WebhookEventType, readonly PlannedEndpoint[]>();

  constructor(application: Pick<Application, 'webhooks' | 'subscriptionCount'>) {
    this.endpoints = withIds(application.webhooks);
    for (const type of WEBHOOK_EVENT_TYPES) {
      const takers = this.endpoints.filter((endpoint) => takes(endpoint, type, application));
      if (takers.length > 0) this.takers.set(type, takers);
    }
  }

  /** The endpoints that want an event. @param channel undefined for an event that has none */
  takersOf(type: WebhookEventType, channel: string | undefined): readonly string[] {
    const takers = this.takers.get(type);
    if (takers === undefined) return NOBODY;
    const ids: string[] = [];
    for (const endpoint of takers) {
      if (channel === undefined || isInFilter(endpoint, channel)) ids.push(endpoint.id);
    }
    return ids;
  }

  /** Whether somebody wants to know that a place is taken, or that it is left. */
  wantsPlace(place: WebhookPlace): boolean {
    const channel = channelOf(place);
    return PLACE_EVENTS[place.kind].some((type) => this.takersOf(type, channel).length > 0);
  }

  /** The endpoint of this id, if the application still has it. */
  find(id: string): WebhookEndpoint | undefined {
    return this.endpoints.find((endpoint) => endpoint.id === id);
  }
}

const plans = new WeakMap<Application, WebhookPlan>();

/** The plan of an application, made once: applications do not change. */
export function planOf(application: Application): WebhookPlan {
  let plan = plans.get(application);
  if (plan === undefined) plans.set(application, (plan = new WebhookPlan(application)));
  return plan;
}

/** An endpoint is who has its URL: its events keep their order when its filter or its headers change. */
function withIds(webhooks: readonly WebhookEndpoint[]): readonly PlannedEndpoint[] {
  const seen = new Map<string, number>();
  return webhooks.map((endpoint) => {
    const digest = hash('sha256', endpoint.url).slice(0, 16);
    const count = (seen.get(digest) ?? 0) + 1;
    seen.set(digest, count);
    return { ...endpoint, id: count === 1 ? digest : `${digest}-${count}` };
  });
}

/**
 * Who names no events wants all; counts of subscriptions only if the application has them, as there are
 * very many. Who filters by channels gets events without a channel only by their names.
 */
function takes(
  { eventTypes, channelNameStartsWith, channelNameEndsWith }: WebhookEndpoint,
  type: WebhookEventType,
  { subscriptionCount }: Pick<Application, 'subscriptionCount'>,
): boolean {
  if (eventTypes.length > 0) return eventTypes.includes(type);
  if (type === 'subscription_count') return subscriptionCount;
  const isFiltered = channelNameStartsWith !== '' || channelNameEndsWith !== '';
  return !(isFiltered && (type === 'user_online' || type === 'user_offline'));
}

function isInFilter(endpoint: WebhookEndpoint, channel: string): boolean {
  const { channelNameStartsWith, channelNameEndsWith } = endpoint;
  return channel.startsWith(channelNameStartsWith) && channel.endsWith(channelNameEndsWith);
}
