import type { Route } from '../../state/route.js';
import { ChartsView } from '../charts/ChartsView.js';
import { ChannelPage } from '../channels/ChannelPage.js';
import { ChannelsView } from '../channels/ChannelsView.js';
import { ConnectionPage } from '../connections/ConnectionPage.js';
import { ConnectionsView } from '../connections/ConnectionsView.js';
import { NodesView } from '../nodes/NodesView.js';
import { PublishView } from '../publish/PublishView.js';
import { TailView } from '../tail/TailView.js';
import { WebhooksView } from '../webhooks/WebhooksView.js';
import { WithApplication } from './WithApplication.js';

/** What a route shows. */
export function View({ route: { view, of } }: { readonly route: Route }) {
  switch (view) {
    case 'tail':
      return <TailView />;
    case 'channels':
      return of === undefined ? (
        <WithApplication title="Channels">
          {(appId) => <ChannelsView appId={appId} />}
        </WithApplication>
      ) : (
        <ChannelPage key={`${of.appId} ${of.name}`} appId={of.appId} name={of.name} />
      );
    case 'connections':
      return of === undefined ? (
        <WithApplication title="Connections">
          {(appId) => <ConnectionsView appId={appId} />}
        </WithApplication>
      ) : (
        <ConnectionPage key={`${of.appId} ${of.name}`} appId={of.appId} socketId={of.name} />
      );
    case 'nodes':
      return <NodesView />;
    case 'webhooks':
      return (
        <WithApplication title="Webhooks">
          {(appId) => <WebhooksView appId={appId} />}
        </WithApplication>
      );
    case 'publish':
      return (
        <WithApplication title="Publish">
          {(appId) => <PublishView appId={appId} />}
        </WithApplication>
      );
    case 'charts':
      return <ChartsView />;
  }
}
