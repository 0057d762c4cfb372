import { Module, type Provider } from '@nestjs/common';
import request from 'supertest';
import {
  ApplicationProvider,
  EventDispatcher,
  PusherExtension,
  type ClientEventSent,
  type Connected,
  type Disconnected,
  type MemberAdded,
  type MemberRemoved,
  type ChannelChange,
  type OnChannelOccupied,
  type OnChannelVacated,
  type OnMemberAdded,
  type OnMemberRemoved,
  type OnUserOffline,
  type OnUserOnline,
  type Published,
  type SignedIn,
  type Subscribed,
  type UserStatus,
} from '../src/index.js';
import { api, publishTo } from './harness/api.js';
import { eventually } from './harness/eventually.js';
import { startHost, type HostOptions } from './harness/host-application.js';
import { INSPECTOR_PASSWORD, InspectorPage } from './harness/inspector-page.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';

afterEach(closeAll);

/** Writes down all it is told, a line each. */
@PusherExtension()
class Journal {
  readonly lines: string[] = [];

  onConnected({ application }: Connected) {
    this.lines.push(`connected to ${application.id}`);
  }

  onDisconnected({ code }: Disconnected) {
    this.lines.push(`disconnected with ${code}`);
  }

  onSubscribed({ channel, member }: Subscribed) {
    this.lines.push(`subscribed to ${channel} as ${member?.userId}`);
  }

  onUnsubscribed({ channel, member }: Subscribed) {
    this.lines.push(`unsubscribed from ${channel} as ${member?.userId}`);
  }

  onSignedIn({ user }: SignedIn) {
    this.lines.push(`signed in as ${user.id}`);
  }

  onClientEvent({ channel, event, data, userId }: ClientEventSent) {
    this.lines.push(`${userId} sent ${event} to ${channel}: ${String(data)}`);
  }

  onPublished({ event: { name, channels, data } }: Published) {
    this.lines.push(`published ${name} to ${channels.join()}: ${data}`);
  }
}

async function startWithJournal(options: Partial<HostOptions> = {}) {
  const journal = new Journal();
  const providers: Provider[] = [{ provide: Journal, useValue: journal }];
  const host = await startHost('Fastify', { ...options, providers });
  const expectLines = (...lines: string[]) =>
    eventually(() => {
      expect(journal.lines).toEqual(lines);
      journal.lines.length = 0;
    });
  return { host, journal, expectLines };
}

describe('An extension is told', () => {
  it('what becomes of a connection, in order', async () => {
    const { host, expectLines } = await startWithJournal();
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await client.subscribe('c');
    await client.subscribePresence('presence-c', { user_id: 7 }, host);
    await client.signin({ id: 'ann' }, host);
    await client.signin({ id: 'ann' }, host);
    client.unsubscribe('c');
    client.unsubscribe('c');
    await client.close();
    await expectLines(
      'connected to app-id',
      'subscribed to c as undefined',
      'subscribed to presence-c as 7',
      'signed in as ann',
      'unsubscribed from c as undefined',
      'unsubscribed from presence-c as 7',
      'disconnected with 1000',
    );
  });

  it('nothing of those who were refused', async () => {
    const { host, journal } = await startWithJournal();
    await PusherClient.refused({ ...host, key: 'nobody' });
    const client = await PusherClient.connect(host);
    await client.subscribeRefused('private-c', 'app-key:forged');
    client.trigger('client-e', 'c');
    await client.expectError(4301);
    await publishTo(host, 'b ad').expect(400);
    await new Promise(setImmediate);
    expect(journal.lines).toEqual(['connected to app-id']);
  });

  it.each([[false], [true]])('what was published, fast lane %p', async (hasFastLane) => {
    const { host, expectLines } = await startWithJournal({ server: { hasFastLane } });
    await publishTo(host, 'c').expect(200);
    const batch = [1, 2].map((i) => ({ name: `e${i}`, data: `${i}`, channel: 'c' }));
    await api(host, 'POST', 'batch_events', { body: { batch } }).expect(200, {});
    await expectLines('published e to c: d', 'published e1 to c: 1', 'published e2 to c: 2');
  });

  it('what clients sent each other', async () => {
    const { host, journal, expectLines } = await startWithJournal();
    const client = await PusherClient.connect(host);
    await client.subscribePresence('presence-c', { user_id: 7 }, host);
    await eventually(() => expect(journal.lines).toHaveLength(2));
    journal.lines.length = 0;
    client.trigger('client-e', 'presence-c', 'hi');
    await expectLines('7 sent client-e to presence-c: hi');
  });

  it('who does not read', async () => {
    const unsent: number[] = [];
    @PusherExtension()
    class Watch {
      onSlowConsumer = ({ unsentBytes }: { unsentBytes: number }) => void unsent.push(unsentBytes);
    }
    const host = await startHost('Fastify', {
      providers: [Watch],
      revurb: { server: { maxOutboxSize: 10_000 } },
    });
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    client.pauseReading();
    const application = await host.app.get(ApplicationProvider).findById('app-id');
    const dispatcher = host.app.get(EventDispatcher);
    const event = { name: 'e', data: 'x'.repeat(100_000), channels: ['c'] };
    await eventually(async () => {
      await dispatcher.publish(application!, [event, event, event]);
      expect(unsent).toHaveLength(1);
    });
    expect(unsent[0]).toBeGreaterThan(10_000);
  });

  it('before the server stops', async () => {
    const written: string[] = [];
    @PusherExtension()
    class SlowAudit {
      async onDisconnected({ code, durationMs }: Disconnected) {
        expect(durationMs).toBeGreaterThanOrEqual(0);
        await new Promise((resolve) => setTimeout(resolve, 30));
        written.push(`disconnected with ${code}`);
      }
    }
    const host = await startHost('Fastify', { providers: [SlowAudit] });
    await PusherClient.connect(host);
    await host.close();
    expect(written).toEqual(['disconnected with 4200']);
  });

  it('but does not hold up a server that stops', async () => {
    @PusherExtension()
    class Stuck {
      onDisconnected = () => new Promise(() => undefined);
    }
    const revurb = { extensions: { hookTimeoutSeconds: 0.05 } };
    const host = await startHost('Fastify', { providers: [Stuck], revurb });
    await PusherClient.connect(host);
    await host.close();
    expect(host.logs.of('warn').join()).toContain('Extensions are not done');
  });

  it('and breaks nothing when it throws', async () => {
    @PusherExtension()
    class Broken {
      onConnected() {
        throw new Error('broken');
      }
      onSubscribed = () => Promise.reject(new Error('broken, too'));
    }
    @Module({ providers: [Broken] })
    class BrokenModule {}
    const { host, expectLines } = await startWithJournal({ imports: [BrokenModule] });
    for (let i = 0; i < 2; i++) {
      const client = await PusherClient.connect(host);
      await client.subscribe('c');
    }
    const lines = ['connected to app-id', 'subscribed to c as undefined'];
    await expectLines(...lines, ...lines);
    expect(host.logs.of('error')).toEqual([
      expect.stringContaining('Broken.onConnected failed'),
      expect.stringContaining('Broken.onSubscribed failed'),
    ]);
  });
});

/** Writes down who comes and goes in the cluster. */
@PusherExtension()
class ClusterJournal
  implements
    OnChannelOccupied,
    OnChannelVacated,
    OnMemberAdded,
    OnMemberRemoved,
    OnUserOnline,
    OnUserOffline
{
  readonly lines: string[] = [];

  onChannelOccupied({ appId, channel }: ChannelChange) {
    this.lines.push(`${appId}: ${channel} is occupied`);
  }

  onChannelVacated({ appId, channel }: ChannelChange) {
    this.lines.push(`${appId}: ${channel} is vacated`);
  }

  onMemberAdded({ appId, channel, member }: MemberAdded) {
    this.lines.push(`${appId}: ${member.userId} came to ${channel}, ${member.userInfo}`);
  }

  onMemberRemoved({ appId, channel, userId }: MemberRemoved) {
    this.lines.push(`${appId}: ${userId} left ${channel}`);
  }

  onUserOnline({ appId, userId }: UserStatus) {
    this.lines.push(`${appId}: ${userId} is online`);
  }

  onUserOffline({ appId, userId }: UserStatus) {
    this.lines.push(`${appId}: ${userId} is offline`);
  }
}

describe('Who comes and goes', () => {
  const member = { user_id: 'ann', user_info: 1 };

  it('is told once for all connections of a user', async () => {
    const journal = new ClusterJournal();
    const host = await startHost('Fastify', {
      providers: [{ provide: ClusterJournal, useValue: journal }],
      revurb: { server: { graceSeconds: 0.02 }, webhooks: { graceSeconds: 0.02 } },
    });
    const tabs = [await PusherClient.connect(host), await PusherClient.connect(host)];
    for (const tab of tabs) {
      await tab.subscribePresence('presence-c', member, host);
      await tab.signin({ id: 'ann' }, host);
    }
    await tabs[0]!.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(journal.lines.toSorted()).toEqual([
      'app-id: ann came to presence-c, 1',
      'app-id: ann is online',
      'app-id: presence-c is occupied',
    ]);
    await tabs[1]!.close();
    await eventually(() =>
      expect(journal.lines.slice(3).toSorted()).toEqual([
        'app-id: ann is offline',
        'app-id: ann left presence-c',
        'app-id: presence-c is vacated',
      ]),
    );
  });

  it('is not told of the pages of the inspector', async () => {
    const journal = new ClusterJournal();
    const host = await startHost('Fastify', {
      providers: [{ provide: ClusterJournal, useValue: journal }],
      revurb: {
        inspector: { enabled: true, password: INSPECTOR_PASSWORD },
        webhooks: { graceSeconds: 0 },
      },
    });
    const page = await InspectorPage.signIn(host);
    const feed = await page.watch();
    await feed.end();
    const client = await PusherClient.connect(host);
    await client.subscribe('c');
    await client.close();
    await eventually(() =>
      expect(journal.lines).toEqual(['app-id: c is occupied', 'app-id: c is vacated']),
    );
  });

  it('is told by one node of several', async () => {
    const redis = await RedisServer.start();
    const journals = [new ClusterJournal(), new ClusterJournal()];
    const hosts = [];
    for (const journal of journals) {
      const host = await startHost('Fastify', {
        providers: [{ provide: ClusterJournal, useValue: journal }],
        revurb: {
          server: { graceSeconds: 0.1 },
          webhooks: { graceSeconds: 0.1 },
          scaling: { enabled: true, redis: { host: '127.0.0.1', port: redis.port } },
        },
      });
      hosts.push(host);
    }
    const lines = () => journals.flatMap((journal) => journal.lines);
    const tabs = [];
    for (const host of hosts) {
      await eventually(() => request(host.httpUrl).get('/health/ready').expect(200));
      const tab = await PusherClient.connect(host);
      tabs.push(tab);
      await tab.subscribePresence('presence-c', member, host);
      await tab.signin({ id: 'ann' }, host);
    }
    for (const tab of tabs) await tab.close();
    await eventually(() => expect(lines()).toContain('app-id: ann is offline'));
    await eventually(() => expect(lines()).toContain('app-id: presence-c is vacated'));
    expect(lines().sort()).toEqual([
      'app-id: ann came to presence-c, 1',
      'app-id: ann is offline',
      'app-id: ann is online',
      'app-id: ann left presence-c',
      'app-id: presence-c is occupied',
      'app-id: presence-c is vacated',
    ]);
  });
});
