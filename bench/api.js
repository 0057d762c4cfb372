// @ts-check
import { createHmac } from 'node:crypto';

const TIMEOUT_MS = 5_000;

/** @typedef {import('./load/raw-connection.js').Server} Server */

/**
 * Asks the HTTP API of one node, signed.
 * @param {Server} server
 * @param {string} path below the application
 * @param {Record<string, string>} [query]
 * @returns {Promise<{ body: any, isPartial: boolean } | undefined>} undefined when it refuses or does not answer
 */
export async function ask(server, path, query = {}) {
  const { id, key, secret } = server.application;
  const fullPath = `/apps/${id}${path}`;
  const parameters = {
    ...query,
    auth_key: key,
    auth_timestamp: String(Math.floor(Date.now() / 1000)),
    auth_version: '1.0',
  };
  const pairs = Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1));
  const text = pairs.map((pair) => pair.join('=')).join('&');
  const signature = createHmac('sha256', secret).update(`GET\n${fullPath}\n${text}`).digest('hex');
  const search = new URLSearchParams([...pairs, ['auth_signature', signature]]);
  const response = await get(server, `${fullPath}?${search}`);
  if (response?.status !== 200) return undefined;
  const isPartial = response.headers.get('x-revurb-partial') !== null;
  return { body: await response.json(), isPartial };
}

/** Whether a node is ready and reaches the other nodes. @param {Server} server */
export async function isScalingUp(server) {
  const response = await get(server, '/health/ready');
  if (response?.status !== 200) return false;
  const body = /** @type {any} */ (await response.json());
  return body.details?.scaling?.status === 'up';
}

/**
 * @param {Server} server
 * @param {string} path
 * @returns {Promise<Response | undefined>} undefined when there is no answer
 */
async function get({ host, port, path: prefix }, path) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return await fetch(`http://${host}:${port}${prefix}${path}`, { signal });
  } catch {
    return undefined;
  }
}
