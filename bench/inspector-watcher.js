// @ts-check
/**
 * Stands for the page of an inspector: signs in, watches everything, and reads what it gets. Told `rest`
 * by the benchmark it watches no more, told `watch` it does again; answers `resting` and `watching`.
 */
import { WebSocket } from 'ws';

const RENEWAL_MS = 3_000;
const WATCH_ID = 'benchmark-watch-0001';

const { host, port, token, appId } = JSON.parse(process.argv[2] ?? '{}');
const api = `http://${host}:${port}/inspector/api`;
let cookie = '';
let csrf = '';

/** @param {string} method @param {string} path @param {object} body @returns {Promise<any>} */
async function call(method, path, body) {
  const headers = { cookie, 'x-revurb-csrf': csrf, 'content-type': 'application/json' };
  const order = { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${api}/${path}`, order);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  [cookie = ''] = answer.headers.get('set-cookie')?.split(';') ?? [cookie];
  return answer.json();
}

const renew = () => call('PUT', 'watches', { watches: [{ id: WATCH_ID, filter: { appId } }] });

/** @type {NodeJS.Timeout | undefined} */
let renewal;

async function watch() {
  await renew();
  renewal = setInterval(renew, RENEWAL_MS);
  process.send?.('watching');
}

async function rest() {
  clearInterval(renewal);
  await call('PUT', 'watches', { watches: [], ended: [WATCH_ID] });
  process.send?.('resting');
}

const session = await call('POST', 'session', { secret: token });
csrf = session.csrf;
const feed = new WebSocket(`ws://${host}:${port}/app/${session.feed.key}?protocol=7`);
const channel = `private-inspector-${WATCH_ID}`;

/** @type {Record<string, (data: string) => Promise<unknown> | void>} */
const reactions = {
  'pusher:connection_established': async (data) => {
    const { socket_id } = JSON.parse(data);
    const { auth } = await call('POST', 'feed-auth', { socket_id, channel_name: channel });
    feed.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth } }));
  },
  'pusher_internal:subscription_succeeded': watch,
  'pusher:ping': () => feed.send(JSON.stringify({ event: 'pusher:pong', data: {} })),
  records: (data) => JSON.parse(data),
};

feed.on('message', async (message) => {
  const { event, data } = JSON.parse(String(message));
  await reactions[event]?.(data);
});
feed.on('close', () => process.exit(1));
process.on('message', (order) => void (order === 'rest' ? rest() : watch()));
process.on('disconnect', () => process.exit());
