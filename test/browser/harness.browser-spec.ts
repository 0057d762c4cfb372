import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspectorUrlOf, openInspector } from './harness/open-inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();

const STRICT = "default-src 'self'; script-src 'self'; connect-src *; img-src data:";

const page = (body: string) =>
  `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:," /></head><body><main><h1>A page</h1>${body}</main></body></html>`;

/** Scripts, as nothing that stands in a page may run. */
const SCRIPTS: Readonly<Record<string, string>> = {
  '/console.js': "console.error('oh dear')",
  '/throws.js': "throw new Error('oh no')",
  '/rejects.js': "Promise.reject(new Error('not caught'))",
  '/gone.js': "fetch('/closed').catch(() => undefined)",
  '/abort.js':
    "const c = new AbortController(); fetch('/', { signal: c.signal }).catch(() => document.title = 'Aborted'); c.abort();",
  '/foreign.js': "fetch('http://elsewhere.test/a').catch(() => undefined)",
  '/port.js': "fetch('http://127.0.0.1:9/').catch(() => undefined)",
  '/socket.js': "new WebSocket('ws://elsewhere.test/app')",
  '/window.js': "window.open('/with?/console.js')",
  '/cookie.js': "document.title = document.cookie; document.cookie = 'seen=1'",
};

let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [path = '/', query = ''] = request.url!.split('?');
    if (path === '/closed') return void request.socket.destroy();
    const script = SCRIPTS[path];
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.setHeader('Content-Security-Policy', STRICT);
    if (path === '/missing') response.statusCode = 404;
    const body = path === '/raw' ? decodeURIComponent(query) : `<script src="${query}"></script>`;
    response.end(script ?? page(query === '' ? '' : body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Opens a page of that server. */
async function visit(path: string) {
  const watched = await chromium.open(origin);
  await watched.page.goto(origin + path);
  return watched;
}

const withScript = (name: string) => visit(`/with?${name}`);
const withMarkup = (markup: string) => visit(`/raw?${encodeURIComponent(markup)}`);

describe('A page that is watched', () => {
  it('is quiet when nothing is wrong', async () => {
    const watched = await visit('/');
    expect(await watched.page.title()).toBe('A page');
    expect(watched.complaints).toEqual([]);
    watched.expectQuiet();
  });

  it.each([
    ['an error of the console', '/console.js', /^console: oh dear/],
    ['an exception', '/throws.js', /^exception: Error: oh no/],
    ['a rejection that nobody handles', '/rejects.js', /^exception: Error: not caught/],
    ['a request that breaks off', '/gone.js', /^failed: http.*\/closed /],
    ['a request to another host', '/foreign.js', /^foreign: http:\/\/elsewhere\.test\/a$/],
    ['a request to another port', '/port.js', /^foreign: http:\/\/127\.0\.0\.1:9\/$/],
    ['a WebSocket to another host', '/socket.js', /^foreign: ws:\/\/elsewhere\.test\/app$/],
    ['an error of a window it has opened', '/window.js', /^console: oh dear/],
  ])('complains of %s', async (_case, script, pattern) => {
    const watched = await withScript(script);
    await watched.expectComplaint(pattern);
    // The rest that the browser says of the same.
    await watched.page.waitForLoadState('networkidle');
    if (watched.complaints.length > 0) await watched.expectComplaint(/elsewhere|127|closed/);
  });

  it('complains of what the policy refuses', async () => {
    const watched = await withMarkup('<script>document.title = "Run"</script>');
    expect(await watched.expectComplaint(/^csp: /)).toBe('csp: script-src-elem inline');
    await watched.expectComplaint(/^console: .*Content Security Policy/);
    expect(await watched.page.title()).toBe('A page');
  });

  it('complains of an answer that is an error', async () => {
    const watched = await visit('/missing');
    await watched.expectComplaint(/^console: .*404/);
  });

  it('may give up what it has asked for', async () => {
    const watched = await withScript('/abort.js');
    await watched.page.waitForFunction("document.title === 'Aborted'");
    expect(watched.complaints).toEqual([]);
  });

  it('lets a test fail that did not expect a complaint', async () => {
    const watched = await withScript('/console.js');
    await expect(watched.expectComplaint(/oh yes/, { withinMs: 50 })).rejects.toThrow('oh dear');
    expect(() => watched.expectQuiet()).toThrow(
      /\/with\?\/console\.js complains:\nconsole: oh dear/,
    );
    await watched.expectComplaint(/oh dear/);
    watched.expectQuiet();
  });

  it.each(['first', 'second'])('knows nothing of others: the %s', async () => {
    const watched = await withScript('/cookie.js');
    expect(await watched.page.title()).toBe('');
  });

  it('may be photographed', async () => {
    const path = await (await visit('/')).screenshot('harness');
    expect(statSync(path).size).toBeGreaterThan(1000);
  });
});

describe('Violations of accessibility', () => {
  it('are found although the policy is strict', async () => {
    const watched = await withMarkup('<input type="text" /><button></button>');
    const violations = await watched.violations();
    expect(violations).toEqual([
      expect.stringMatching(/^button-name: .*\(button\)$/),
      expect.stringMatching(/^label: .*\(input\)$/),
    ]);
  });

  it('are none where there are none', async () => {
    const watched = await withMarkup('<label>Name <input type="text" /></label>');
    expect(await watched.violations()).toEqual([]);
  });
});

describe('The inspector of a server', () => {
  const json = () => `{"inspectorUrl":"${origin}/#token=a-b_1","httpUrl":"x"}\n`;

  it('is opened where it was announced, with the token', async () => {
    for (const output of [json(), `  Inspector     ${origin}/#token=a-b_1\n\n`]) {
      const watched = await openInspector(chromium, { output });
      expect(watched.page.url()).toBe(`${origin}/#token=a-b_1`);
    }
  });

  it('is opened with another token, or none, in a browser of any look', async () => {
    const options = { token: 'mine', viewport: { width: 400, height: 300 } };
    const watched = await openInspector(chromium, { output: json() }, options);
    expect(watched.page.url()).toBe(`${origin}/#token=mine`);
    expect(await watched.page.evaluate(() => innerWidth)).toBe(400);
    const stranger = await openInspector(chromium, { output: json() }, { token: null });
    expect(stranger.page.url()).toBe(`${origin}/`);
  });

  it('is missed aloud', () =>
    expect(() => inspectorUrlOf({ output: 'It listens.' })).toThrow('It listens.'));
});
