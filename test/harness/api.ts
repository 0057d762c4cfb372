import request from 'supertest';
import type { Test } from 'supertest';
import { signedUrl } from './signed-request.js';
import type { ApiResponse, ApiTarget, SigningOptions } from './signed-request.js';
import { TEST_APPLICATION } from './test-application.js';
import { startServer } from './test-server.js';
import type { TestServer } from './test-server.js';

/** The only statuses the API may ever answer with on `/apps`. */
export const API_STATUSES = [200, 400, 401, 403, 404, 405, 413, 429, 503];

/**
 * A signed request through supertest. A path without leading slash is taken to be below
 * `/apps/{appId}/`; a body that is no text goes out as JSON.
 */
export function api(
  server: ApiTarget,
  method: 'GET' | 'POST',
  path: string,
  options: SigningOptions & { headers?: Record<string, string> } = {},
): Test {
  const { body, headers = {} } = options;
  const test = request(server.httpUrl);
  const url = signedUrl(server, method, path, options);
  if (method === 'GET') return test.get(url).set(headers);
  const sent = test.post(url).set('Content-Type', 'application/json').set(headers);
  if (body === undefined) return sent;
  return sent.send(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Publishes to one channel, through supertest. */
export function publishTo(server: ApiTarget, channel: string, event: object = {}): Test {
  return api(server, 'POST', 'events', { body: { name: 'e', data: 'd', channel, ...event } });
}

/** The form of every refusal: the status, and one sentence as JSON. */
export function expectRefusal(
  response: Pick<ApiResponse, 'status' | 'headers' | 'text'>,
  status: number,
  sentence: RegExp | string = /./,
): void {
  expect({ status: response.status, text: response.text }).toEqual({
    status,
    text: expect.stringMatching(/^\{"error":".+"\}$/s),
  });
  expect(API_STATUSES).toContain(response.status);
  expect(response.headers['content-type']).toMatch(/^application\/json(; charset=utf-8)?$/);
  const body = JSON.parse(response.text) as { error: string };
  expect(Object.keys(body)).toEqual(['error']);
  if (typeof sentence === 'string') expect(body.error).toContain(sentence);
  else expect(body.error).toMatch(sentence);
}

/** A server whose only application differs from {@link TEST_APPLICATION} in these fields of `REVERB_APPS`. */
export function startServerFor(
  fields: object,
  variables: Record<string, string> = {},
): Promise<TestServer> {
  const { appId, key, secret } = TEST_APPLICATION;
  const application = { app_id: appId, key, secret, ...fields };
  return startServer({ REVERB_APPS: JSON.stringify([application]), ...variables });
}

/** A second application, for what must stay apart. */
export const OTHER_APPLICATION = { appId: 'other-id', key: 'other-key', secret: 'other-secret' };

/** A server with {@link TEST_APPLICATION} and {@link OTHER_APPLICATION}, and both as targets. */
export async function startTwoApplications(
  fields: object = {},
  variables: Record<string, string> = {},
) {
  const applications = [TEST_APPLICATION, OTHER_APPLICATION].map(({ appId, key, secret }) => ({
    app_id: appId,
    key,
    secret,
    ...fields,
  }));
  const server = await startServer({ REVERB_APPS: JSON.stringify(applications), ...variables });
  return { server, other: { ...server, ...OTHER_APPLICATION } };
}
