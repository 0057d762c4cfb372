import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MAIN = resolve('dist/cli/main.js');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
let envFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  envFile = join(directory, '.env');
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Runs `revurb` in the temporary directory, with nothing in its environment but what is given. */
function revurb(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((done) => {
    const options = { cwd: directory, env: { PATH: process.env.PATH, ...env } };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** A line, a sentence, no stack. */
function expectRefusal({ code, stdout, stderr }: Outcome, sentence: RegExp | string): void {
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
}

describe('revurb', () => {
  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const argument of ['version', '--version']) {
      expect(await revurb([argument])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    }
  });

  it('lists its commands', async () => {
    const { code, stdout } = await revurb(['help']);
    expect(code).toBe(0);
    const commands = ['start', 'install', 'restart', 'events:trigger', 'config', 'version'];
    for (const command of [...commands, 'webhooks:failed', 'webhooks:retry']) {
      expect(stdout).toContain(`\n  ${command}`);
    }
  });

  it('names the nearest command when there is none of that name', async () =>
    expectRefusal(
      await revurb(['instal']),
      /^There is no command instal; did you mean install\? See `revurb help`\.\n$/,
    ));
});

describe('revurb config', () => {
  it('tells every value and where it came from, secrets hidden', async () => {
    writeFileSync(
      envFile,
      'REVERB_APP_ID=1\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=hunter2\nREVERB_SERVER_PORT=81',
    );
    const env = { REVERB_SERVER_PATH: 'ws', REDIS_URL: 'redis://:hunter2@h' };
    const { code, stdout } = await revurb(['config', '--json'], env);
    expect(code).toBe(0);
    expect(stdout).not.toContain('hunter2');
    expect(JSON.parse(stdout)).toMatchObject({
      REVERB_SERVER_PORT: { value: '81', source: envFile },
      REVERB_SERVER_PATH: { value: '/ws', source: 'environment' },
      REVERB_SERVER_HOST: { value: '0.0.0.0', source: 'default' },
      REVERB_APP_SECRET: { value: '(hidden)', source: envFile },
      REDIS_URL: { value: 'redis://:(hidden)@h', source: 'environment' },
      REVERB_HOST: { value: null, source: 'default' },
    });
  });

  it('is a table for people, and warns of unknown variables', async () => {
    writeFileSync(envFile, 'REVERB_APP_ID=1\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=hunter2');
    const env = { REVERB_SERVER_PATH: 'ws', REDIS_URL: 'redis://:hunter2@h', REVERB_HOTS: 'a' };
    const { stdout, stderr } = await revurb(['config'], env);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(stdout).toMatch(/^REVERB_SERVER_PATH += \/ws {2}\(environment\)$/m);
    expect(stderr).toContain(
      'REVERB_HOTS is not a variable of this server; did you mean REVERB_HOST?',
    );
  });

  it('reads another file when told to', async () => {
    writeFileSync(join(directory, 'other.env'), 'REVERB_SERVER_PORT=82');
    const { stdout } = await revurb(['config', '--json', '--config', 'other.env']);
    expect(JSON.parse(stdout)).toMatchObject({ REVERB_SERVER_PORT: { value: '82' } });
    expectRefusal(await revurb(['config', '--config', 'none.env']), /none\.env: cannot be read/);
  });
});

describe('A faulty configuration', () => {
  it('is a line for each fault', async () => {
    const outcome = await revurb(['config'], {
      REVERB_SERVER_PORT: 'eighty',
      REVERB_APPS: '[{"app_id":1,"key":"k","secret":"hunter2","max_conections":1}]',
    });
    expectRefusal(outcome, '');
    expect(outcome.stderr).toBe(
      'REVERB_SERVER_PORT: got "eighty"; wants a whole number from 0 to 65535\n' +
        'REVERB_APPS[0].max_conections: unknown field, did you mean max_connections?\n',
    );
  });

  it('keeps the server from starting, flags included', async () => {
    expectRefusal(await revurb(['start', '--port', '70000']), /^REVERB_SERVER_PORT: got "70000"/);
    expectRefusal(await revurb(['start', '--host', '0.0.0.0']), /run `revurb install`/);
    expectRefusal(await revurb(['start'], { NODE_ENV: 'production' }), /run `revurb install`/);
  });
});

describe('revurb install', () => {
  it('writes credentials into a new file for its owner only, and prints how to connect', async () => {
    const { code, stdout } = await revurb(['install']);
    expect(code).toBe(0);
    const content = readFileSync(envFile, 'utf8');
    const [, key, secret] =
      /^REVERB_APP_ID=\d{6}\nREVERB_APP_KEY=(\w{20})\nREVERB_APP_SECRET=(\w{40})\n$/.exec(content)!;
    expect(statSync(envFile).mode & 0o777).toBe(0o600);
    expect(stdout).toContain(`new Pusher('${key}'`);
    expect(stdout).toContain(`broadcaster: 'reverb'`);
    expect(stdout).not.toContain(secret);
    expect((await revurb(['config'], { NODE_ENV: 'production' })).code).toBe(0);
  });

  it('appends to a file that has none, and keeps the rest', async () => {
    writeFileSync(envFile, 'APP_NAME=Shop\nREVERB_SERVER_PORT=9999');
    const { stdout } = await revurb(['install']);
    expect(readFileSync(envFile, 'utf8')).toMatch(
      /^APP_NAME=Shop\nREVERB_SERVER_PORT=9999\n\nREVERB_APP_ID=/,
    );
    expect(stdout).toContain('wsPort: 9999');
  });

  it('replaces credentials only when forced to', async () => {
    const before = 'A=1\nREVERB_APP_ID=1\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=s\nB=2\n';
    writeFileSync(envFile, before);
    expectRefusal(await revurb(['install']), /has an application already.*--force/);
    expect(readFileSync(envFile, 'utf8')).toBe(before);
    expect((await revurb(['install', '--force'])).code).toBe(0);
    expect(readFileSync(envFile, 'utf8')).toMatch(
      /^A=1\nREVERB_APP_ID=\d{6}\nREVERB_APP_KEY=\w{20}\nREVERB_APP_SECRET=\w{40}\nB=2\n$/,
    );
  });

  it('writes where it is told, or says why it cannot', async () => {
    expect((await revurb(['install', '--path', 'other.env'])).code).toBe(0);
    expect(readFileSync(join(directory, 'other.env'), 'utf8')).toContain('REVERB_APP_KEY=');
    expectRefusal(
      await revurb(['install', '--path', 'no/such/.env']),
      /cannot be written \(ENOENT\)/,
    );
    expectRefusal(await revurb(['install', '--path', '.']), /cannot be read \(EISDIR\)/);
  });
});

describe('revurb events:trigger', () => {
  let server: Server;
  let requests: { method: string; url: URL; body: string }[];
  let answer: { status: number; body: string };
  let port: string;

  beforeEach(async () => {
    requests = [];
    answer = { status: 200, body: '{}' };
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const url = new URL(request.url!, 'http://localhost');
        requests.push({ method: request.method!, url, body });
        response.writeHead(answer.status).end(answer.body);
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    port = String((server.address() as AddressInfo).port);
    writeFileSync(
      envFile,
      `REVERB_APP_ID=7\nREVERB_APP_KEY=k\nREVERB_APP_SECRET=s\nREVERB_SERVER_PORT=${port}\nREVERB_SERVER_PATH=ws`,
    );
  });

  afterEach(() => new Promise((closed) => server.close(closed)));

  it('publishes a signed event to the server of the configuration', async () => {
    const args = ['events:trigger', 'my-channel', 'my-event', '{"hello":"world"}'];
    const outcome = await revurb([...args, '--socket-id', '1.2']);
    expect(outcome).toEqual({ code: 0, stdout: '200 {}\n', stderr: '' });
    const [{ method, url, body }] = requests as [(typeof requests)[number]];
    expect([method, url.pathname]).toEqual(['POST', '/ws/apps/7/events']);
    expect(JSON.parse(body)).toEqual({
      name: 'my-event',
      channels: ['my-channel'],
      data: '{"hello":"world"}',
      socket_id: '1.2',
    });
    const { auth_signature: signature, ...signed } = Object.fromEntries(url.searchParams);
    expect(signed).toEqual({
      auth_key: 'k',
      auth_timestamp: expect.stringMatching(/^\d{10}$/),
      auth_version: '1.0',
      body_md5: createHash('md5').update(body).digest('hex'),
    });
    const query = Object.entries(signed)
      .sort()
      .map((pair) => pair.join('='))
      .join('&');
    const text = `POST\n/apps/7/events\n${query}`;
    expect(signature).toBe(createHmac('sha256', 's').update(text).digest('hex'));
  });

  it('needs no configuration when told everything', async () => {
    const flags = [
      '--url',
      `http://127.0.0.1:${port}/`,
      '--app-id',
      '8',
      '--key',
      'a',
      '--secret',
      'b',
    ];
    const args = ['events:trigger', 'c', 'e', '"text"', '--config', 'none.env', ...flags];
    expect((await revurb(args)).code).toBe(0);
    expect(requests[0]!.url.pathname).toBe('/apps/8/events');
    expect(JSON.parse(requests[0]!.body)).toMatchObject({ data: '"text"' });
  });

  it('says what the server had against it', async () => {
    answer = { status: 413, body: '{"error":"too large"}' };
    expectRefusal(
      await revurb(['events:trigger', 'c', 'e', '{}']),
      'The server refused the event with 413: {"error":"too large"}',
    );
  });

  it('says when nobody answers', async () => {
    await new Promise((closed) => server.close(closed));
    expectRefusal(
      await revurb(['events:trigger', 'c', 'e', '{}']),
      `http://127.0.0.1:${port}/ws cannot be reached: the connection was refused`,
    );
  });

  it.each([
    [['c', 'e', 'text'], /^text is not JSON\. .*'"hello"'/],
    [['c', 'e', '{}', '--key', 'k'], /^--key and --secret belong together/],
    [['c', 'e', '{}', '--url', 'localhost'], /^--url is localhost/],
    [['c', 'e', '{}', '--app-id', '99'], /^The configuration has no application 99/],
    [['c', 'e'], /missing required argument 'json'/],
  ])('refuses %j', async (args, sentence) => {
    expectRefusal(await revurb(['events:trigger', ...args]), sentence);
    expect(requests).toEqual([]);
  });
});
