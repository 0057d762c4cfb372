import { LOG_LEVELS } from '../src/config/log-levels.js';
import { closeAll } from './harness/eventually.js';
import { getMetrics } from './harness/metrics-scrape.js';
import { PusherClient } from './harness/pusher-client.js';
import { ServerProcess } from './harness/server-process.js';
import { channelAuth, signedRequest, signedUrl, userAuth } from './harness/signed-request.js';

afterEach(closeAll);

const SECRETS = {
  app: 'the-first-secret',
  other: 'the-second-secret',
  metrics: 'the-token-of-metrics',
  inspector: 'the-password-of-the-inspector',
  inspectorToken: 'the-token-of-the-inspector',
  webhook: 'the-header-of-a-webhook',
  wrong: 'the-secret-of-somebody-else',
};

const APPLICATION = {
  app_id: 'app-id',
  keys: [
    { key: 'app-key', secret: SECRETS.app },
    { key: 'other-key', secret: SECRETS.other },
  ],
  webhooks: [{ url: 'http://127.0.0.1:9/', headers: { Authorization: SECRETS.webhook } }],
};

const VARIABLES = {
  REVERB_APP_ID: undefined,
  REVERB_APP_KEY: undefined,
  REVERB_APP_SECRET: undefined,
  REVERB_APPS: JSON.stringify([APPLICATION]),
  REVERB_METRICS_ENABLED: 'true',
  REVERB_METRICS_TOKEN: SECRETS.metrics,
  REVERB_INSPECTOR_PASSWORD: SECRETS.inspector,
  REVERB_INSPECTOR_TOKEN: SECRETS.inspectorToken,
  REVERB_SHUTDOWN_DRAIN: '0',
};

const SIGNATURE = /[\da-f]{64}/i;

/** All that has to do with secrets, done right and done wrong. */
async function liveALittle(server: ServerProcess): Promise<void> {
  const right = { ...targetOf(server), key: 'app-key', secret: SECRETS.app };
  const client = await PusherClient.connect(right);
  await client.subscribePrivate('private-room', { key: 'other-key', secret: SECRETS.other });
  await client.subscribePresence('presence-room', { user_id: '1' }, right);
  await client.signin({ id: '1' }, right);
  for (const wrong of [SECRETS.wrong, SECRETS.other]) {
    const credentials = { ...right, secret: wrong };
    await client.subscribeRefused('private-a', channelAuth(credentials, client.socketId, 'x'));
    await client.subscribeRefused('private-a', { auth: `app-key:${wrong}` });
    await signedRequest(credentials, 'GET', 'channels');
    await signedRequest(credentials, 'POST', 'events', { body: '{"a":' });
    const stranger = await PusherClient.connect(right);
    stranger.sendSignin({ id: '1' }, credentials);
    await stranger.expectClose(4009);
  }
  await sendAskew(client, right);
  await signedRequest(right, 'POST', 'events', {
    body: { name: 'e', channel: 'private-room', data: 'a payload' },
  });
  await client.expectFrame('e');
  await PusherClient.refused({ url: server.url, key: SECRETS.wrong });
  const failed = { path: signedUrl(right, 'GET', '/nowhere') };
  await PusherClient.failedUpgrade(right, failed);
  for (const token of [SECRETS.metrics, SECRETS.wrong]) {
    await getMetrics(server, { Authorization: `Bearer ${token}` });
  }
}

/** Credentials where a log might not look for them. */
async function sendAskew(client: PusherClient, right: { key: string; secret: string }) {
  const auth = channelAuth(right, client.socketId, 'private-b');
  const { auth: signed } = userAuth(right, client.socketId, '{}');
  client.send({
    event: 'pusher:subscribe',
    data: JSON.stringify({ ...auth, channel: 'private-b' }),
  });
  client.send({ event: 'pusher:subscribe', auth: signed, channel: SIGNATURE.exec(signed)![0] });
  client.send(`{"event":"pusher:subscribe","data":{"auth" : "app-key:${SECRETS.wrong}", oops`);
  client.send({ event: 'pusher:subscribe', data: { channel: 'private-c', auth: [signed] } });
  await client.roundTrip();
}

const targetOf = ({ url, httpUrl }: ServerProcess) => ({ url, httpUrl, appId: 'app-id' });

describe('No secret, token, signature or header of a webhook is ever logged', () => {
  it('at any level, from the start to the end', async () => {
    const fileFor = (level: string) => ({ '.env': `REVERB_LOG_LEVEL=${level}\n` });
    const files = fileFor('verbose');
    const server = await ServerProcess.start({ variables: VARIABLES, files });
    await liveALittle(server);
    expect(server.output).toContain('a payload');
    for (const level of [...LOG_LEVELS].reverse().slice(1)) {
      server.write('.env', fileFor(level)['.env']);
      server.kill('SIGHUP');
      // Told before the log gets quieter: from `log` on that is by warnings alone, and `fatal` by nothing.
      if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf('warn')) {
        await server.said(new RegExp(`read again.*"level":"${level}"`));
      }
      await liveALittle(server);
    }
    server.kill('SIGTERM');
    expect(await server.ended()).toBe(0);
    for (const secret of Object.values(SECRETS)) expect(server.output).not.toContain(secret);
    expect(server.output).not.toMatch(SIGNATURE);
  });
});
