import { Injectable, Logger } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { isChannelName } from '../channels/channel-name.js';
import type { PublishedEvent } from '../channels/published-event.js';
import { InspectorCounters } from '../metrics/inspector-counters.js';
import { ClientAddress } from '../pusher/client-address.js';
import { badRequest, forbidden } from '../pusher/http/api-error.js';
import { PublishEventDto } from '../pusher/http/dto/publish-event.dto.js';
import { channelsOf, eventOf } from '../pusher/http/event-rules.js';
import { PublishService } from '../pusher/http/publish.service.js';
import { validate } from '../pusher/http/validate.js';
import { UserService } from '../pusher/user.service.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore } from '../scaling/state-store.js';
import { DeadLetters } from '../webhooks/dead-letters.js';
import { ClusterInspection } from './asking/cluster-inspection.js';
import type { ActionResult } from './contract.js';
import {
  DisconnectDto,
  EventsDto,
  ForgetCachedEventDto,
  ResendWebhooksDto,
  UnsubscribeDto,
} from './http/dto/action.dto.js';
import type { AdmittedRequest } from './http/admitted-request.js';
import { FROM_INSPECTOR } from './watching/event-tracer.js';
import { WatchDesk } from './watching/watch-desk.js';

/** What an action was about, for the log and for those who watch. */
interface Deed {
  readonly action: string;
  readonly channels?: readonly string[];
  readonly event?: string;
  readonly userId?: string;
  readonly socketId?: string;
}

/** What whoever is signed in may do. Everything is logged, with who did it. */
@Injectable()
export class ActionService {
  private readonly logger = new Logger('Inspector');

  constructor(
    private readonly nodes: ClusterInspection,
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
    private readonly publishing: PublishService,
    private readonly users: UserService,
    private readonly deadLetters: DeadLetters,
    private readonly desk: WatchDesk,
    private readonly clients: ClientAddress,
    private readonly counters: InspectorCounters,
  ) {}

  /**
   * Publishes events, all or none of them, within the limits of the application.
   * @throws ApiError 400, 403 when the application is disabled, 413, 429 or 503, OverloadError, and what extensions refuse it with
   */
  async publish(application: Application, request: AdmittedRequest): Promise<object> {
    if (!application.enabled) throw forbidden(`Application ${application.id} is disabled.`);
    const events = readEvents(application, request.body);
    await this.publishing.dispatch(application, events, FROM_INSPECTOR);
    for (const { name, channels } of events) {
      this.note(application, request, {
        action: 'published',
        event: name,
        channels,
      });
    }
    return {};
  }

  /**
   * Closes a connection, or all of a user; those of a user also on nodes that do not answer, as soon as
   * they hear of it. @returns how many, of the nodes that answered. @throws ApiError 400
   */
  async disconnect(application: Application, request: AdmittedRequest): Promise<ActionResult> {
    const { socketId, userId } = validate(DisconnectDto, request.body);
    const appId = application.id;
    const whom = userId ? { userId } : socketId ? { socketId } : undefined;
    if (whom === undefined || (userId && socketId)) {
      throw badRequest('The body must have either a socketId or a userId.');
    }
    const result = await this.nodes.act('disconnect', { appId, ...whom });
    // Whoever cannot say how many they were closes them still.
    if (userId) await this.users.terminate(appId, userId);
    this.note(application, request, {
      action: `disconnected ${countOf(result.affected, 'connection')}`,
      ...whom,
    });
    return result;
  }

  /** Ends the subscriptions of a user to a channel. @throws ApiError 400 */
  async unsubscribe(application: Application, request: AdmittedRequest): Promise<ActionResult> {
    const whom = validate(UnsubscribeDto, request.body);
    const { userId, channel } = whom;
    const question = { appId: application.id, userId, channel };
    const result = await this.nodes.act('unsubscribe', question);
    const action = `ended ${countOf(result.affected, 'subscription')}`;
    this.note(application, request, { action, userId, channels: [channel] });
    return result;
  }

  /** Forgets what a cache channel remembers. @throws ApiError 400 */
  async forgetCachedEvent(
    application: Application,
    request: AdmittedRequest,
  ): Promise<ActionResult> {
    const { channel } = validate(ForgetCachedEventDto, request.body);
    if (!isChannelName(channel, application.maxChannelNameLength)) {
      throw badRequest('channel is not the name of a channel.');
    }
    const isPartial = this.cluster.status === 'down';
    const isForgotten = await this.state.forgetCachedEvent(application.id, channel);
    // Nobody can know while the store is away; it makes up for it.
    const isKnown = isForgotten || !isPartial;
    const outcome = isForgotten ? 'cleared the cached event' : 'found no cached event to clear';
    const action = isKnown ? outcome : 'cleared the cached event, if there is one';
    this.note(application, request, { action, channels: [channel] });
    return { affected: isForgotten ? 1 : 0, isPartial };
  }

  /** Sends dead webhooks again. @throws ApiError 400, OverloadError */
  async resend(application: Application, request: AdmittedRequest): Promise<object> {
    const { ids } = validate(ResendWebhooksDto, request.body);
    const retried = await this.deadLetters.resend(application, ids ?? undefined);
    this.note(application, request, { action: `sent ${countOf(retried, 'webhook event')} again` });
    return { retried };
  }

  private note({ id: appId }: Application, { request, ticket }: AdmittedRequest, deed: Deed): void {
    const address = this.clients.of(request);
    this.counters.actions++;
    const { action, channels, event, userId, socketId } = deed;
    const by = `${ticket.name} (${address})`;
    this.logger.log(`${ticket.name} ${action}`, { by: ticket.name, address, appId, ...deed });
    this.desk.record(
      {
        kind: 'action',
        appId,
        event,
        userId,
        socketId,
        channels,
      },
      { by, action },
    );
  }
}

function readEvents(application: Application, body: object): PublishedEvent[] {
  const { events } = validate(EventsDto, body);
  const limit = application.maxBatchSize;
  if (events.length > limit) throw badRequest(`events: there are more than ${limit}.`);
  return events.map((given, i) => {
    const where = `events[${i}].`;
    const dto = validate(PublishEventDto, given, where);
    return eventOf(dto, channelsOf(dto, application, where), application, where);
  });
}

const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
