import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestServer, type TestServer } from 'revurb/testing';
import { HostApplicationModule } from './host-application.module.js';

const CARD = '4111 1111 1111 1111';

let directory: string;
let auditFile: string;
let server: TestServer;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'audit-'));
  auditFile = join(directory, 'audit.jsonl');
  server = await createTestServer({ module: HostApplicationModule.forRoot(auditFile) });
});

afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

/** The log once the server has stopped, without the times. */
async function auditOf(): Promise<object[]> {
  await server.close();
  const lines = readFileSync(auditFile, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { at, ...entry } = JSON.parse(line) as { at: string };
    expect(new Date(at).getTime()).not.toBeNaN();
    return entry;
  });
}

describe('The audit log', () => {
  it('has all that happened, in order, when the server has stopped', async () => {
    const client = await server.connect();
    const { socketId } = client;
    await client.subscribe('presence-desk', { userId: 'ann' });
    await server.publish('presence-desk', 'called', { secret: true });
    await client.expectEvent('called');
    expect(await auditOf()).toEqual([
      {
        what: 'connected',
        app: 'app-id',
        socketId,
        address: '127.0.0.1',
        library: 'revurb-test',
      },
      { what: 'subscribed', socketId, channel: 'presence-desk', user: 'ann' },
      { what: 'published', app: 'app-id', name: 'called', channels: ['presence-desk'], bytes: 15 },
      { what: 'disconnected', socketId, code: 1006 },
    ]);
  });

  it('has nothing of what was refused', async () => {
    await expect(server.publish('public', 'paid', { card: CARD })).rejects.toThrow('403');
    await server.publish('public', 'paid', {});
    expect(await auditOf()).toHaveLength(1);
  });
});

describe('The message filter', () => {
  it('takes numbers of cards out of what goes to private channels', async () => {
    const client = await server.connect();
    await client.subscribe('private-payments');
    await server.publish('private-payments', 'paid', { card: CARD, amount: 5 });
    await client.expectEvent('paid', { data: { card: '[removed]', amount: 5 } });
    await server.expectPublished('private-payments', 'paid', { card: '[removed]', amount: 5 });
  });

  it('refuses them in public ones, and tells the backend why', async () => {
    await expect(server.publish('public', 'paid', { card: CARD })).rejects.toThrow(
      /403.*number of a card/,
    );
    expect(server.published()).toEqual([]);
  });

  it('drops what clients send each other', async () => {
    const ann = await server.connect();
    const bob = await server.connect();
    for (const client of [ann, bob]) await client.subscribe('private-desk');
    ann.trigger('client-said', 'private-desk', { text: CARD });
    ann.trigger('client-said', 'private-desk', { text: 'hello' });
    const { data } = await bob.expectEvent('client-said');
    expect(data).toEqual({ text: 'hello' });
    await ann.settle();
    expect(ann.received().map(({ event }) => event)).not.toContain('pusher:error');
  });
});
