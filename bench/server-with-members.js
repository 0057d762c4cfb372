// @ts-check
/**
 * The server that was built, put together as its own `main.js` does it, which also makes users
 * members of a presence channel who have no connection. Ten thousand real ones would tell each other
 * of each other, which is fifty million frames, before the first figure could be taken.
 *
 *     node bench/server-with-members.js dist/main.js
 */
import { pathToFileURL } from 'node:url';

const JOINING_AT_ONCE = 500;

/** @param {string} file of the build that was named @returns {Promise<any>} */
const load = (file) => import(new URL(file, pathToFileURL(process.argv[2] ?? '')).href);

const { loadOrExit } = await load('./config/load-or-exit.js');
const { createServer } = await load('./create-server.js');
const { StateStore } = await load('./index.js');

const write = (/** @type {unknown} */ words) => process.stderr.write(`${words}\n`);
const loaded = loadOrExit();
const app = await createServer(loaded, { log: () => {}, warn: write, error: write, fatal: write });
const { host, port } = loaded.configuration.listen;
await app.listen({ host, port, backlog: 4096 });
const store = app.get(StateStore);

/** @param {{ appId: string, channel: string, from: number, to: number }} order */
async function fill({ appId, channel, from, to }) {
  for (let next = from; next < to;) {
    const joins = [];
    for (const end = Math.min(to, next + JOINING_AT_ONCE); next < end; next++) {
      const userId = `absent-${String(next).padStart(6, '0')}`;
      const member = { userId, id: userId, userInfo: undefined };
      joins.push(store.join(appId, channel, `0.${next}`, member, 0));
    }
    await Promise.all(joins);
  }
}

process.on('message', async (/** @type {any} */ order) => {
  try {
    await fill(order);
    process.send?.({});
  } catch (error) {
    process.send?.({ error: String(error instanceof Error ? error.stack : error) });
  }
});

// Without the benchmark there is nobody to serve.
process.on('disconnect', () => process.exit());
