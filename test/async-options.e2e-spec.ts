import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import {
  ApplicationProvider,
  createApplication,
  RevurbModule,
  type Application,
  type RevurbSettings,
} from '../src/index.js';
import { publishTo } from './harness/api.js';
import { startHost, type Platform } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const { appId: id, key, secret } = TEST_APPLICATION;
const APPLICATION = createApplication({ id, keys: [{ key, secret }] });

/** The configuration of a host, which is known a moment after its start. */
@Injectable()
class HostConfiguration {
  reads = 0;

  async read(): Promise<RevurbSettings> {
    this.reads++;
    await turn();
    const server = { path: '/realtime', shutdownDrainSeconds: 0 };
    return { applications: [APPLICATION], server };
  }
}

@Module({ providers: [HostConfiguration], exports: [HostConfiguration] })
class HostConfigurationModule {}

async function expectWorks(host: Awaited<ReturnType<typeof startHost>>) {
  const client = await PusherClient.connect(host);
  await client.subscribePrivate('private-c', host);
  await publishTo(host, 'private-c').expect(200, {});
  await client.expectFrame('e');
}

describe.each<[Platform]>([['Express'], ['Fastify']])('Settings of a host on %s', (platform) => {
  it('may be found out when it starts, once', async () => {
    const revurbModule = RevurbModule.forRootAsync({
      imports: [HostConfigurationModule],
      inject: [HostConfiguration],
      useFactory: (configuration: HostConfiguration) => configuration.read(),
    });
    const host = await startHost(platform, { revurbModule });
    await expectWorks(host);
    expect(host.app.get(HostConfiguration, { strict: false }).reads).toBe(1);
  });
});

describe('Settings that are found out', () => {
  it('go with classes of the host, which inject from the same imports', async () => {
    @Injectable()
    class OwnProvider extends ApplicationProvider {
      constructor(private readonly configuration: HostConfiguration) {
        super();
      }

      override async findById(appId: string): Promise<Application | undefined> {
        const { applications = [] } = await this.configuration.read();
        return applications.find((application) => application.id === appId);
      }

      override findByKey(appKey: string) {
        return appKey === key ? this.findById(id) : undefined;
      }
    }
    const revurbModule = RevurbModule.forRootAsync({
      imports: [HostConfigurationModule],
      inject: [HostConfiguration],
      useFactory: async (configuration: HostConfiguration) => {
        const { server } = await configuration.read();
        return { server };
      },
      applicationProvider: OwnProvider,
    });
    await expectWorks(await startHost('Fastify', { revurbModule }));
  });

  it('may come from a class', async () => {
    @Injectable()
    class Settings {
      constructor(private readonly configuration: HostConfiguration) {}

      create() {
        return this.configuration.read();
      }
    }
    const revurbModule = RevurbModule.forRootAsync({
      imports: [HostConfigurationModule],
      useClass: Settings,
    });
    await expectWorks(await startHost('Fastify', { revurbModule }));
  });

  it('may leave out everything', async () => {
    const revurbModule = RevurbModule.forRootAsync({ useFactory: () => ({}) });
    const host = await startHost('Fastify', { revurbModule });
    const refused = await PusherClient.refused({ ...host, url: host.url.replace('/realtime', '') });
    expect(refused.closeCode).toBe(4001);
  });

  it('are checked like others', async () => {
    const revurbModule = RevurbModule.forRootAsync({
      useFactory: () => ({ server: { path: 'realtime/' } }),
    });
    await expect(startHost('Fastify', { revurbModule })).rejects.toThrow(/path .* "\/prefix"/);
  });

  it('stop the start when they cannot be found out', async () => {
    const revurbModule = RevurbModule.forRootAsync({
      useFactory: () => Promise.reject(new Error('The vault is sealed')),
    });
    await expect(startHost('Fastify', { revurbModule })).rejects.toThrow('The vault is sealed');
  });
});
