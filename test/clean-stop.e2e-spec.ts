import { createServer, type AddressInfo, type Server } from 'node:net';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { PusherClient } from './harness/pusher-client.js';
import { parseJson, plainRequest, signedRequest, type Json } from './harness/signed-request.js';
import { ServerProcess } from './harness/server-process.js';
import { startServer } from './harness/test-server.js';

const PRETTY = { REVERB_LOG_FORMAT: 'pretty', NO_COLOR: '1' };
const SECRET = 'app-secret';
/** So much that an application says in a line which nobody else should read. */
const PAYLOAD = 'the-content-of-a-message';

afterEach(closeAll);

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

/** The command line tool of the build. */
const revurb = (args: string[], variables: Record<string, string | undefined> = {}) => ({
  args: ['dist/cli/main.js', ...args],
  variables,
});

/** A port somebody listens at. */
async function occupiedPort(): Promise<string> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  registerForClose(() => server.close());
  return String((server.address() as AddressInfo).port);
}

/** Everything an application does, with a payload that is easy to find. */
async function doBusiness(server: ServerProcess): Promise<PusherClient> {
  const [ann, bob] = [await PusherClient.connect(server), await PusherClient.connect(server)];
  for (const client of [ann, bob]) {
    await client.subscribe('news');
    await client.subscribePrivate('private-room', server);
    await client.subscribePresence('presence-room', { user_id: PAYLOAD }, server);
  }
  await ann.signin({ id: 'ann', user_info: PAYLOAD }, server);
  ann.trigger('client-said', 'private-room', { text: PAYLOAD });
  await bob.expectFrame('client-said');
  ann.send(`nonsense ${PAYLOAD}`);
  await ann.expectError(4200);
  await ann.subscribeRefused('private-other', `app-key:${PAYLOAD}`);
  const body = { name: 'item', channel: 'news', data: PAYLOAD };
  expect((await signedRequest(server, 'POST', 'events', { body })).status).toBe(200);
  await bob.expectFrame('item');
  expect((await signedRequest(server, 'POST', 'events', { body: PAYLOAD })).status).toBe(400);
  expect((await plainRequest(server.httpUrl, 'GET', '/apps/app-id/channels')).status).toBe(401);
  await PusherClient.refused({ ...server, url: server.url, key: 'unknown-key' });
  await bob.close();
  await eventually(async () => {
    const { json } = await signedRequest(server, 'GET', 'connections');
    expect(json).toEqual({ connections: 1 });
  });
  return ann;
}

/** Looks at all a server said when it started, and gives it without what differs each time. */
async function listeningEntry(server: ServerProcess): Promise<Json> {
  const [line, ...others] = linesOf(server.output).map(parseJson);
  expect(others).toEqual([]);
  expect(line).toMatchObject({ level: 'log', context: 'Server' });
  expect(line).toMatchObject({
    message: 'The server listens',
    params: {
      webSocketUrl: server.url,
      httpUrl: server.httpUrl,
      applications: [{ id: 'app-id', key: 'app-key' }],
      scaling: 'off, one node',
      inspectorUrl: expect.stringMatching(`^${server.httpUrl}/inspector/#token=[\\w-]{32}$`),
    },
  });
  expect((await plainRequest(server.httpUrl, 'GET', '/up')).json).toEqual({ health: 'OK' });
  const { pid: _, timestamp: __, params, ...entry } = line;
  const shown = JSON.stringify(params).replace(/:\d+|(?<=#token=)[\w-]+/g, '');
  return { ...entry, params: parseJson(shown) };
}

describe('A server that logs JSON', () => {
  it('says in one line that it listens, where, for whom and with how many nodes, by nest start too', async () => {
    const entries = [];
    for (const nodeArgs of [[], ['--enable-source-maps']]) {
      // The command of Nest builds, and then runs this.
      const args = [nodeArgs.length > 0 ? 'dist/main' : 'dist/main.js'];
      const variables = { REVERB_LOG_FORMAT: 'json' };
      const server = await ServerProcess.start({ args, nodeArgs, variables });
      entries.push(await listeningEntry(server));
      await PusherClient.connect(server);
    }
    expect(entries[1]).toEqual(entries[0]);
  });

  it('is what there is without a terminal, logs nothing of what goes on, stops without a trace, and leaves its port to the next one', async () => {
    const server = await ServerProcess.start();
    expect(parseJson(server.stdout)).toMatchObject({ message: 'The server listens' });
    const client = await doBusiness(server);
    expect(linesOf(server.output)).toHaveLength(1);
    server.kill('SIGTERM');
    await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
    const entries = linesOf(server.output).map(parseJson);
    expect(entries.slice(1).map(({ message }: Json) => message)).toEqual([
      'SIGTERM: the server is closing, again to stop at once',
      'Closed 1 connections',
    ]);
    expect(new Set(entries.map(({ level }: Json) => level))).toEqual(new Set(['log']));
    for (const secret of [SECRET, PAYLOAD]) expect(server.output).not.toContain(secret);
    expect(server.stderr).toBe('');
    const next = await startServer({ REVERB_SERVER_PORT: String(server.port) });
    await PusherClient.connect(next);
    expect(next.port).toBe(server.port);
  });
});

describe('A server on a terminal', () => {
  it('shows a banner with addresses, application, scaling and a snippet, no secret, and nothing of what goes on', async () => {
    const flags = ['--port', '0', '--host', '127.0.0.1'];
    const server = await ServerProcess.start(revurb(['start', ...flags], PRETTY));
    const { port, url, httpUrl } = server;
    await server.said(/events:trigger/);
    const { stdout } = server;
    expect(stdout).toMatch(/^ {2}Revurb \d+\.\d+\.\d+/m);
    expect(stdout).toContain(`WebSocket     ${url}\n`);
    expect(stdout).toContain(`HTTP API      ${httpUrl}\n`);
    expect(stdout).toContain('Applications  app-id (key app-key)\n');
    expect(stdout).toContain('Scaling       off, one node\n');
    expect(stdout).toContain(`Inspector     ${httpUrl}/inspector/#token=`);
    expect(stdout).toContain(`new Pusher('app-key', { wsHost: '127.0.0.1', wsPort: ${port}`);
    const command = `npx revurb events:trigger --url '${httpUrl}' hello greeting '{"text":"Hello"}'`;
    expect(stdout).toContain(command);
    expect(server.output).not.toContain(SECRET);
    expect(server.stderr).toBe('');
    const before = server.output;
    await doBusiness(server);
    expect(server.output).toBe(before);
  });

  it('names the public host, the prefix and every application', async () => {
    const applications = Array.from({ length: 12 }, (_, i) => ({
      app_id: `shop-${i}`,
      key: `key-${i}`,
      secret: `hidden-${i}`,
    }));
    const server = ServerProcess.launch({
      variables: {
        ...PRETTY,
        REVERB_APPS: JSON.stringify(applications),
        REVERB_APP_ID: undefined,
        REVERB_APP_KEY: undefined,
        REVERB_APP_SECRET: undefined,
        REVERB_HOST: 'ws.example.test',
        REVERB_SERVER_PATH: '/realtime',
      },
    });
    await server.said(/events:trigger/);
    expect(server.stdout).toMatch(/WebSocket {5}ws:\/\/ws\.example\.test:\d+\/realtime\n/);
    expect(server.stdout).toContain('shop-0 (key key-0), shop-1 (key key-1)');
    expect(server.stdout).toContain('shop-9 (key key-9), and 2 more\n');
    expect(server.stdout).toContain(`wsPath: '/realtime'`);
    expect(server.output).not.toContain('hidden');
  });

  it('says so when it serves the development application', async () => {
    const server = await ServerProcess.start({
      variables: {
        ...PRETTY,
        REVERB_APP_ID: undefined,
        REVERB_APP_KEY: undefined,
        REVERB_APP_SECRET: undefined,
        REVERB_SERVER_HOST: undefined,
      },
    });
    await server.said(/events:trigger/);
    expect(server.output).toMatch(/WARN.*development application/);
    await PusherClient.connect(server);
  });
});

describe('A start that fails', () => {
  it.each(['json', 'pretty'])('at a port in use says so in one line (%s)', async (format) => {
    const port = await occupiedPort();
    for (const args of [['dist/main.js'], ['dist/cli/main.js', 'start']]) {
      const server = ServerProcess.launch({
        args,
        variables: { ...PRETTY, REVERB_LOG_FORMAT: format, REVERB_SERVER_PORT: port },
      });
      expect(await server.ended()).toBe(1);
      const lines = linesOf(server.output);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(
        `Port ${port} is in use. Stop what listens there, or choose another with REVERB_SERVER_PORT.`,
      );
      if (format === 'json') expect(parseJson(lines[0]!)).toMatchObject({ level: 'fatal' });
    }
  });

  it('at an address of another machine says so in one line', async () => {
    const server = ServerProcess.launch({ variables: { REVERB_SERVER_HOST: '192.0.2.1' } });
    expect(await server.ended()).toBe(1);
    expect(linesOf(server.output)).toHaveLength(1);
    expect(server.output).toContain('REVERB_SERVER_HOST is not an address of this machine');
  });
});

describe('revurb start', () => {
  it('serves what its flags say, and goes on when nobody reads its log any more', async () => {
    const flags = ['--host', '127.0.0.1', '--port', '0', '--path', 'ws', '--hostname', 'localhost'];
    const server = ServerProcess.launch(revurb(['start', ...flags, '--debug']));
    const [, port] = await server.said(/"webSocketUrl":"ws:\/\/localhost:(\d+)\/ws"/);
    const target = { url: `ws://127.0.0.1:${port}/ws`, key: 'app-key' };
    const client = await PusherClient.connect(target);
    server.stopReading();
    for (let i = 0; i < 10; i++) await client.subscribe(`news-${i}`);
    server.kill('SIGTERM');
    await client.expectClose(4200);
    expect(await server.ended()).toBe(0);
  });

  it('shows with --debug who comes and goes, and what is said, a line for each message', async () => {
    const flags = ['--port', '0', '--host', '127.0.0.1', '--debug'];
    const server = await ServerProcess.start(revurb(['start', ...flags], PRETTY));
    const { socketId } = await doBusiness(server);
    const traffic = () => linesOf(server.stdout).filter((line) => line.includes('[Traffic]'));
    await eventually(() => expect(traffic().join('\n')).toMatch(/closed \(1000\)/));
    const all = traffic().join('\n');
    expect(all).toContain(`${socketId} connected to app-id from 127.0.0.1 (js 8.6.0)`);
    expect(all).toContain(`${socketId} > {"event":"pusher:subscribe","data":{"channel":"news"}}`);
    expect(all).toContain(
      `"event":"client-said","channel":"private-room","data":{"text":"${PAYLOAD}"}`,
    );
    expect(all).toContain(`${socketId} refused: Invalid message format`);
    expect(all).toContain('refused: Application does not exist');
    expect(all).toContain(`app-id published item to news: ${PAYLOAD}`);
    // One line each, whatever a client sends.
    for (const line of traffic()) expect(line).toMatch(/^\[Revurb\] \d+ .* DEBUG \[Traffic\] /);
    expect(server.output).not.toContain(SECRET);
    // One line, too, for line breaks and control characters.
    const client = await PusherClient.connect(server);
    client.send('first\nsecond\r\n\u001b[31mred\u0007');
    await client.expectError(4200);
    await server.said(/first.*red/);
    expect(server.stdout).not.toContain('\u001b[31mred');
    expect(linesOf(server.stdout).some((line) => line.startsWith('second'))).toBe(false);
  });
});

describe('revurb events:trigger', () => {
  it('reaches a client', async () => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('hello');
    const variables = { REVERB_SERVER_PORT: String(server.port) };
    const args = ['events:trigger', 'hello', 'greeting', '{"text":"Hällo"}'];
    const command = ServerProcess.launch(revurb(args, variables));
    expect([await command.ended(), command.output]).toEqual([0, '200 {}\n']);
    const frame = await client.expectFrame('greeting', { channel: 'hello' });
    expect(frame.data).toBe('{"text":"Hällo"}');
    const excepted = [...args, '--socket-id', client.socketId];
    expect(await ServerProcess.launch(revurb(excepted, variables)).ended()).toBe(0);
    await client.expectSilence();
  });

  it('says what the server has against it', async () => {
    const server = await startServer();
    const variables = { REVERB_SERVER_PORT: String(server.port) };
    const args = ['events:trigger', 'not a channel', 'greeting', '{}'];
    const command = ServerProcess.launch(revurb(args, variables));
    expect(await command.ended()).toBe(1);
    expect(command.stderr).toMatch(/^The server refused the event with 400: \{"error":".+"\}\n$/);
    const impostor = ServerProcess.launch(
      revurb(['events:trigger', 'hello', 'greeting', '{}'], {
        ...variables,
        REVERB_APP_SECRET: 'guessed',
      }),
    );
    expect(await impostor.ended()).toBe(1);
    expect(impostor.stderr).toMatch(/refused the event with 401/);
    expect(impostor.output).not.toContain('guessed');
  });
});
