import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { ApplicationProvider, createApplication, type Application } from '../src/index.js';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { startHost } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { TEST_APPLICATION } from './harness/test-application.js';

afterEach(closeAll);

const { appId: id, key, secret } = TEST_APPLICATION;
const APPLICATION = createApplication({ id, keys: [{ key, secret }] });

/** Starts a host whose applications come from `find`, as from a database. */
function startWith(find: (idOrKey: string) => Promise<Application | undefined>) {
  @Injectable()
  class DatabaseProvider extends ApplicationProvider {
    override findById(appId: string) {
      return find(appId);
    }

    override findByKey(appKey: string) {
      return find(appKey);
    }
  }
  const revurb = { applications: undefined, applicationProvider: DatabaseProvider };
  return startHost('Fastify', { revurb });
}

const findTestApplication = async (idOrKey: string) => {
  await turn();
  return [id, key].includes(idOrKey) ? APPLICATION : undefined;
};

describe('applications from a provider of the host', () => {
  it('are looked up for every connection and request', async () => {
    const server = await startWith(findTestApplication);
    const client = await PusherClient.connect(server);
    await client.subscribePrivate('private-c', server);
    await publishTo(server, 'private-c').expect(200, {});
    await client.expectFrame('e');
    const url = '/users/1/terminate_connections';
    await api(server, 'POST', url, { body: {} }).expect(200, {});
  });

  it('are unknown when it does not find them: 4001, 404, 401', async () => {
    const server = await startWith(findTestApplication);
    expect((await PusherClient.refused({ ...server, key: 'nobody' })).closeCode).toBe(4001);
    expectRefusal(await api(server, 'GET', '/apps/nobody/channels'), 404);
    const stranger = { ...server, key: 'nobody' };
    const response = await api(stranger, 'POST', '/users/1/terminate_connections');
    expectRefusal(response, 401, 'auth_key');
  });

  it('may change from one request to the next', async () => {
    let current = APPLICATION;
    const server = await startWith(async () => current);
    await publishTo(server, 'c').expect(200, {});
    current = createApplication({ id, keys: [{ key, secret }], maxEventNameLength: 3 });
    await publishTo(server, 'c', { name: 'abc' }).expect(200, {});
    expectRefusal(await publishTo(server, 'c', { name: 'abcd' }), 400, /^name.* 3 /);
    current = createApplication({ id, keys: [{ key: 'new', secret: 'new' }] });
    expectRefusal(await publishTo(server, 'c'), 401, 'auth_key');
    current = createApplication({ id, keys: [{ key, secret }], enabled: false });
    expectRefusal(await publishTo(server, 'c'), 403);
    expect((await PusherClient.refused(server)).closeCode).toBe(4003);
  });
});

describe('a provider that needs something of the host', () => {
  @Injectable()
  class Database {
    readonly find = findTestApplication;
  }

  @Module({ providers: [Database], exports: [Database] })
  class DatabaseModule {}

  @Injectable()
  class InjectedProvider extends ApplicationProvider {
    constructor(private readonly database: Database) {
      super();
    }

    override findById(appId: string) {
      return this.database.find(appId);
    }

    override findByKey(appKey: string) {
      return this.database.find(appKey);
    }
  }

  it('gets it from the modules the server imports', async () => {
    const revurb = { applicationProvider: InjectedProvider, imports: [DatabaseModule] };
    const server = await startHost('Express', { revurb });
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await publishTo(server, 'c').expect(200, {});
    await client.expectFrame('e');
  });
});

describe('a provider that fails', () => {
  const faults: [string, () => Promise<never>][] = [
    ['rejecting', () => Promise.reject(new Error('db-7.internal: password wrong'))],
    [
      'throwing',
      () => {
        throw new Error('db-7.internal: password wrong');
      },
    ],
    ['rejecting with no error', () => Promise.reject('db-7.internal: password wrong')],
  ];

  it.each(faults)('by %s refuses the caller, tells no details, and is logged', async (_, fail) => {
    const server = await startWith(fail);
    const refused = await PusherClient.refused(server);
    expect(refused.closeCode).toBe(4100);
    const response = await api(server, 'GET', 'channels');
    expect(response.status).toBe(500);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(Object.keys(response.body)).toEqual(['error']);
    expect(refused.errorFrame.raw + response.text).not.toMatch(/db-7|password/);
    expect(server.logs.of('error').filter((line) => line.includes('db-7'))).toHaveLength(2);
  });

  it('is asked again by the next caller', async () => {
    let isDown = true;
    const server = await startWith(async () => {
      if (isDown) throw new Error('The database is down');
      return APPLICATION;
    });
    expect((await PusherClient.refused(server)).closeCode).toBe(4100);
    expect((await publishTo(server, 'c')).status).toBe(500);
    isDown = false;
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    await publishTo(server, 'c').expect(200, {});
    await client.expectFrame('e');
  });

  it('leaves those who are connected alone', async () => {
    let isDown = false;
    const server = await startWith(async () => {
      if (isDown) throw new Error('The database is down');
      return APPLICATION;
    });
    const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
    isDown = true;
    for (const client of [ann, bob]) await client.subscribePrivate('private-c', server);
    ann.trigger('client-e', 'private-c', {});
    await bob.expectFrame('client-e');
  });
});
