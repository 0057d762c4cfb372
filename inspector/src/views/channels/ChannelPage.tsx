import { ask } from '../../api/api.js';
import { formatCount, formatNumber } from '../../format/format.js';
import { Facts } from '../../parts/Facts.js';
import { PollStatus } from '../../parts/PollStatus.js';
import { goTo } from '../../state/location.js';
import { usePoll } from '../../state/polling.js';
import type { ChannelDetails } from '../../contract.js';
import { LivePanel } from '../tail/LivePanel.js';
import { draftFor } from '../publish/publish-state.js';
import { CachedEvent } from './CachedEvent.js';
import { Members } from './Members.js';
import { Subscribers } from './Subscribers.js';

const INTERVAL_MS = 2000;

interface ChannelPageProps {
  readonly appId: string;
  readonly name: string;
}

/** One channel: who is there, and what happens on it. */
export function ChannelPage({ appId, name }: ChannelPageProps) {
  const poll = usePoll(`${appId} ${name}`, INTERVAL_MS, (signal) =>
    ask<ChannelDetails>(['apps', appId, 'channels', name], { signal }),
  );
  const channel = poll.answer;
  return (
    <div class="page">
      <div class="page-head">
        <nav class="crumbs" aria-label="Where this is">
          <a href="#/channels">Channels</a>
        </nav>
        <h1 class="long-name">{name}</h1>
        <button
          type="button"
          onClick={() => {
            draftFor(appId, name);
            goTo({ view: 'publish' });
          }}
        >
          Publish to it
        </button>
      </div>
      <PollStatus poll={poll} />
      {channel !== undefined && (
        <>
          <Facts
            facts={[
              ['Application', appId],
              ['Type', channel.type],
              ['Subscriptions', formatCount(channel.subscriptions)],
              ['Users', channel.users === undefined ? undefined : formatCount(channel.users)],
              ['Events/s', channel.rate === undefined ? 'none' : formatNumber(channel.rate)],
            ]}
          />
          <CachedEvent appId={appId} channel={channel} whenCleared={poll.refresh} />
          <div class="columns">
            <Subscribers appId={appId} channel={channel} whenDone={poll.refresh} />
            {channel.members !== undefined && (
              <Members
                appId={appId}
                channel={name}
                members={channel.members}
                whenDone={poll.refresh}
              />
            )}
          </div>
        </>
      )}
      <LivePanel title="What happens on it" filter={{ appId, channel: name }} />
    </div>
  );
}
