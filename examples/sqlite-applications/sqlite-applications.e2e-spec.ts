import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { createTestServer, TestClient, type TestServer } from 'revurb/testing';
import { HostApplicationModule } from './host-application.module.js';

let directory: string;
let operator: Database.Database;
let server: TestServer;

/** Somebody else has the same database open, and changes it while the server runs. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'applications-'));
  const file = join(directory, 'applications.sqlite');
  operator = new Database(file);
  operator.exec(`
    CREATE TABLE applications (id TEXT PRIMARY KEY, settings TEXT NOT NULL DEFAULT '{}');
    CREATE TABLE application_keys (
      key TEXT PRIMARY KEY, secret TEXT NOT NULL, application_id TEXT NOT NULL
    );
    INSERT INTO applications (id) VALUES ('shop');
    INSERT INTO application_keys VALUES ('shop-key', 'shop-secret', 'shop');
  `);
  server = await createTestServer({
    module: HostApplicationModule.forRoot(file),
    appId: 'shop',
    logger: false,
  });
});

afterEach(async () => {
  await server.close();
  operator.close();
  rmSync(directory, { recursive: true });
});

const change = (settings: object) =>
  operator.prepare('UPDATE applications SET settings = ?').run(JSON.stringify(settings));

/** Tries again until the server has seen a change. */
async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      await attempt();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await attempt();
}

describe('Applications in a database', () => {
  it('are served to clients and backends', async () => {
    const client = await server.connect();
    await client.subscribe('private-orders');
    await server.publish('private-orders', 'placed', { id: 7 });
    await client.expectEvent('placed', { data: { id: 7 } });
  });

  it('are unknown when they are not there', async () => {
    const stranger = { key: encodeURIComponent("' OR 1=1 --"), secret: 's' };
    await expect(TestClient.connect(server.url, stranger)).rejects.toThrow('4001');
    await expect(server.forApplication('nobody')).rejects.toThrow('no application nobody');
  });

  it('may be added while the server runs', async () => {
    operator.exec(`
      INSERT INTO applications (id) VALUES ('blog');
      INSERT INTO application_keys VALUES ('blog-key', 'blog-secret', 'blog');
    `);
    const blog = await server.forApplication('blog');
    const client = await blog.connect();
    await client.subscribe('c');
    await blog.publish('c', 'e');
    await client.expectEvent('e');
  });

  it('may change their settings, and open connections follow', async () => {
    const client = await server.connect();
    await client.subscribe('private-c');
    change({ acceptClientEventsFrom: 'none', maxEventNameLength: 3 });
    await eventually(() => expect(server.publish('c', 'long')).rejects.toThrow('400'));
    client.trigger('client-e', 'private-c', 1);
    await client.expectEvent('pusher:error');
  });

  it('may change their keys, with the old one for a while', async () => {
    operator.exec(`INSERT INTO application_keys VALUES ('new-key', 'new-secret', 'shop')`);
    const renewed = { key: 'new-key', secret: 'new-secret' };
    await (await TestClient.connect(server.url, renewed)).subscribe('private-c');
    await server.connect();
    operator.exec(`DELETE FROM application_keys WHERE key = 'shop-key'`);
    await eventually(() => expect(server.connect()).rejects.toThrow('4001'));
    await TestClient.connect(server.url, renewed);
  });

  it('may be disabled', async () => {
    change({ enabled: false });
    await eventually(() => expect(server.connect()).rejects.toThrow('4003'));
    await expect(server.publish('c', 'e')).rejects.toThrow('403');
  });

  it('stay as they are when what is written makes no sense', async () => {
    await server.connect();
    operator.prepare('UPDATE applications SET settings = ?').run('not JSON');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.publish('c', 'e');
    await server.connect();
  });
});
