import { Injectable } from '@nestjs/common';
import { ApplicationProvider } from '../../applications/application-provider.js';
import type { Application } from '../../applications/application.js';
import { notFound } from '../../pusher/http/api-error.js';
import { ActionService } from '../action.service.js';
import { BrowseService } from '../browse.service.js';
import { WatchService } from '../watch.service.js';
import type { AdmittedRequest } from './admitted-request.js';
import type { Call, CallName } from './inspector-calls.js';

type Handler = (request: AdmittedRequest) => object | Promise<object>;

/** Brings each call to whoever answers it. */
@Injectable()
export class InspectorRoutes {
  private readonly handlers: Readonly<Record<CallName, Handler>>;

  constructor(
    private readonly applications: ApplicationProvider,
    watches: WatchService,
    browse: BrowseService,
    actions: ActionService,
  ) {
    this.handlers = {
      watches: ({ body }) => watches.renew(body),
      applications: () => browse.applications(),
      nodes: () => browse.nodes(),
      charts: () => browse.charts(),
      channels: this.of((application, { search }) => browse.channels(application, search)),
      channel: this.of((application, { parameters }) =>
        browse.channel(application, parameters[1]!),
      ),
      connections: this.of((application, { search }) => browse.connections(application, search)),
      connection: this.of((application, { parameters }) =>
        browse.connection(application, parameters[1]!),
      ),
      webhooks: this.of((application) => browse.webhooks(application)),
      retryWebhooks: this.of((application, request) => actions.resend(application, request)),
      publish: this.of((application, request) => actions.publish(application, request)),
      disconnect: this.of((application, request) => actions.disconnect(application, request)),
      unsubscribe: this.of((application, request) => actions.unsubscribe(application, request)),
      forgetCachedEvent: this.of((application, request) =>
        actions.forgetCachedEvent(application, request),
      ),
    };
  }

  /** @throws ApiError */
  async handle(call: Call, request: AdmittedRequest): Promise<object> {
    return this.handlers[call.name](request);
  }

  private of(
    handle: (application: Application, request: AdmittedRequest) => object | Promise<object>,
  ): Handler {
    return async (request) => {
      const [appId = ''] = request.parameters;
      const application = await this.applications.findById(appId);
      if (application === undefined) throw notFound(`Application ${appId} does not exist.`);
      return handle(application, request);
    };
  }
}
