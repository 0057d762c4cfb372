import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { InspectorAccess } from './access/inspector-access.js';
import { SignIn } from './access/sign-in.js';
import { ActionService } from './action.service.js';
import { ClusterInspection } from './asking/cluster-inspection.js';
import { NodeActions } from './asking/node-actions.js';
import { NodeAnswers } from './asking/node-answers.js';
import { NodeInspection } from './asking/node-inspection.js';
import { BrowseService } from './browse.service.js';
import { ChannelLists } from './channel-lists.js';
import { ChartSampler } from './charts/chart-sampler.js';
import { InspectorApi } from './http/inspector-api.js';
import { InspectorDoor } from './http/inspector-door.js';
import { InspectorRoutes } from './http/inspector-routes.js';
import {
  completeInspectorOptions,
  INSPECTOR_OPTIONS,
  type InspectorOptions,
} from './inspector.options.js';
import { WatchService } from './watch.service.js';
import { ClusterTap } from './watching/cluster-tap.js';
import { TrafficTap } from './watching/traffic-tap.js';
import { WatchDesk } from './watching/watch-desk.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<
  Partial<InspectorOptions>
>()
  .setClassMethodName('forRoot')
  .build();

/**
 * A page that shows what goes on, live and over all nodes. Off unless its options say so. Needs all other
 * modules beside it.
 */
@Module({
  imports: [ConnectionsModule, ChannelsModule, TracingModule],
  providers: [
    {
      provide: INSPECTOR_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completeInspectorOptions,
    },
    ActionService,
    BrowseService,
    ChannelLists,
    ChartSampler,
    ClusterInspection,
    ClusterTap,
    InspectorAccess,
    InspectorApi,
    InspectorDoor,
    InspectorRoutes,
    NodeActions,
    NodeAnswers,
    NodeInspection,
    SignIn,
    TrafficTap,
    WatchDesk,
    WatchService,
  ],
})
export class InspectorModule extends ConfigurableModuleClass {}
