import { execFile, fork } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { EnvironmentVariables } from '../src/config/environment-variables.js';
import { validateEnvironment } from '../src/config/validate-environment.js';
import { variablesOf } from '../src/config/variable.js';
import { PusherErrorCode } from '../src/pusher/protocol/pusher-error.js';
import { md5, parseQuery, requestStringToSign, sign } from '../src/pusher/protocol/signature.js';
import {
  member,
  publishNumbers,
  signedIn,
  subscriber,
  untilHeard,
} from './harness/cluster-clients.js';
import { closeAll, eventually, registerForClose } from './harness/eventually.js';
import { NodeCluster } from './harness/node-cluster.js';
import { PusherClient } from './harness/pusher-client.js';
import { RedisServer } from './harness/redis-server.js';
import type { ServerProcess } from './harness/server-process.js';
import { signedRequest } from './harness/signed-request.js';
import { answer, webhookVariables, WebhookReceiver } from './harness/webhook-receiver.js';

afterEach(closeAll);

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git']);
const RUN_COMMAND = 'npm ci && npm start';
const TEST_COMMAND = 'npm ci && npm test';

function markdownFiles(directory = '.'): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const read = (path: string) => readFileSync(path, 'utf8');

/** The contents of the fenced blocks, those of one language if it is given. */
function blocksOf(markdown: string, language?: string): string[] {
  return [...markdown.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)]
    .filter(([, found]) => language === undefined || found === language)
    .map(([, , content]) => content!.trim());
}

const withoutBlocks = (markdown: string) => markdown.replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** The anchors of the headings, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with a link, or undefined. */
function faultOf(file: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : resolve(dirname(file), path);
  if (!existsSync(target)) return `${file}: there is no ${link}`;
  if (anchor === undefined || anchorsOf(read(target)).includes(anchor)) return undefined;
  return `${file}: there is no heading ${link}`;
}

describe('Every link between documents', () => {
  it('leads to a file, and to a heading of it', () => {
    const files = markdownFiles();
    expect(files).toEqual(expect.arrayContaining(['README.md', join('docs', 'errors.md')]));
    const links = files.flatMap((file) =>
      [...withoutBlocks(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => [file, link!]),
    );
    const faults = links.map(([file, link]) => faultOf(file!, link!)).filter(Boolean);
    expect(faults).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  const document = read('docs/errors.md');

  it.each(Object.entries(PusherErrorCode))('has a row for %s, which is %d', (_, code) =>
    expect(document).toMatch(new RegExp(`^\\| ${code} `, 'm')),
  );

  it('has a row for every type of a refused subscription', () => {
    const source = read('src/pusher/protocol/pusher-error.ts');
    const union = /SubscriptionRefusal \{\s*readonly type: ([^;]+);/.exec(source)![1]!;
    const types = [...union.matchAll(/'(\w+)'/g)].map(([, type]) => type!);
    expect(types).toContain('AuthError');
    for (const type of types) expect(document).toMatch(new RegExp(`^\\| \`${type}\` `, 'm'));
  });

  it('has a row for every status the API answers errors with', () => {
    const source = read('src/pusher/http/api-error.ts');
    const statuses = [...source.matchAll(/new ApiError\((\d+)/g)].map(([, status]) => status!);
    expect(statuses).toContain('401');
    for (const status of statuses) expect(document).toMatch(new RegExp(`^\\| ${status} `, 'm'));
  });
});

describe('docs/http-api.md', () => {
  const document = read('docs/http-api.md');

  it('has every call', () => {
    const source = read('src/pusher/http/api-routes.ts');
    const routes = [...source.matchAll(/route\('(\w+)', '([^']+)'\)/g)];
    expect(routes).not.toEqual([]);
    for (const [, method, path] of routes) {
      expect(document).toContain(`\`${method} ${path!.replace(/:(\w+)/g, '{$1}')}\``);
    }
  });

  it('signs its example as the server does', () => {
    const [body, text] = blocksOf(document, '');
    const [method = '', path = '', query = ''] = text!.split('\n').map((line) => line.trim());
    const secret = /secret `(\w+)`/.exec(document)![1]!;
    expect(parseQuery(query).get('body_md5')).toBe(md5(body!));
    const signature = sign(secret, requestStringToSign(method, path, parseQuery(query)));
    expect(document).toContain(`The signature is \`${signature}\``);
  });
});

describe('docs/scaling.md', () => {
  const document = read('docs/scaling.md');

  it('has every variable of scaling and of Redis', () => {
    const variables = variablesOf(EnvironmentVariables).filter(
      ({ group }) => group === 'Scaling' || group === 'Redis',
    );
    expect(variables).not.toEqual([]);
    for (const { name } of variables) expect(document).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('has every option of `revurb restart`', async () => {
    const { stdout } = await execute(process.execPath, ['dist/cli/main.js', 'restart', '--help']);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name!);
    expect(options).toContain('--node');
    const common = new Set(['--config', '--help']);
    for (const option of options.filter((name) => !common.has(name))) {
      expect(document).toContain(`| \`${option}`);
    }
  });
});

describe('The ACL user of docs/scaling.md', () => {
  const [, rights = '', forWebhooks = '', forClusters = ''] = read('docs/scaling.md')
    .split('redis-cli ACL SETUSER ')
    .map((part) => part.split('```')[0]!);
  const rulesOf = (text: string) => text.match(/[~&+][\w:*|]+/g) ?? [];

  it('may call every command of the scripts', () => {
    const directory = 'src/scaling/redis/lua';
    const scripts = readdirSync(directory).map((name) => read(join(directory, name)));
    const called = scripts.join().matchAll(/redis\.call\('(\w+)'/g);
    const names = new Set(Array.from(called, ([, name]) => `+${name!.toLowerCase()}`));
    expect(names).toContain('+hset');
    expect(rulesOf(rights)).toEqual(expect.arrayContaining([...names]));
  });

  it('may do all that nodes do', async () => {
    const rules = ['resetkeys', 'resetchannels', 'nocommands', ...rulesOf(rights)];
    expect(rules).toEqual(expect.arrayContaining(['~reverb:*', '&reverb:*']));
    rules.push(...rulesOf(forWebhooks));
    const redis = await RedisServer.start({ acl: { username: 'revurb', password: 'pw', rules } });
    const receiver = await WebhookReceiver.start();
    const cluster = await NodeCluster.start(2, redis, {
      REVERB_APP_MAX_CONNECTIONS: '100',
      ...webhookVariables([{ url: receiver.url() }], { REVERB_WEBHOOK_RETRY_WINDOW: '1' }),
    });
    const [one, two] = cluster.nodes as [ServerProcess, ServerProcess];
    const ann = await member(one, 'presence-cache-room', 'ann');
    await member(two, 'presence-cache-room', 'bob');
    await signedIn(two, 'bob');
    await publishNumbers(two, 'presence-cache-room', [1]);
    await untilHeard(ann, 'presence-cache-room', [1]);
    await failAndSendAgain(receiver, one);
    await cluster.kill(two);
    await cluster.untilAllAnswer('channels/presence-cache-room/users', { users: [{ id: 'ann' }] });
    expect(await redis.command('ACL', 'LOG')).toEqual([]);
  });

  it('may do what a Redis Cluster wants besides', () =>
    expect(rulesOf(forClusters)).toEqual([
      '+cluster|slots',
      '+cluster|info',
      '+ssubscribe',
      '+sunsubscribe',
      '+spublish',
    ]));
});

/** Has the events of webhooks become dead letters, after some attempts, and go their way again. */
async function failAndSendAgain(receiver: WebhookReceiver, node: ServerProcess): Promise<void> {
  receiver.behave(answer(500));
  await subscriber(node, 'failing');
  await eventually(
    async () => {
      const { json } = await signedRequest(node, 'GET', 'webhooks/failed');
      expect(json.failed).not.toEqual([]);
    },
    { withinMs: 10_000 },
  );
  receiver.behave(answer(200));
  await signedRequest(node, 'POST', 'webhooks/retry', { body: { all: true } });
  const event = { name: 'channel_occupied', channel: 'failing' };
  await eventually(() => expect(receiver.events()).toContainEqual(event), { withinMs: 10_000 });
}

describe('compose.yaml', () => {
  it('mounts files that are there', () => {
    const mounts = [...read('compose.yaml').matchAll(/^ *- (\.\/[^:]+):\//gm)];
    expect(mounts).not.toEqual([]);
    for (const [, path] of mounts) expect(existsSync(path!)).toBe(true);
  });

  it('gives a node longer to stop than the drain takes', () => {
    const [, seconds] = /stop_grace_period: (\d+)s/.exec(read('compose.yaml'))!;
    expect(Number(seconds)).toBeGreaterThan(2 * validateEnvironment({}).REVERB_SHUTDOWN_DRAIN);
  });
});

describe('README.md', () => {
  const [firstScreen = ''] = read('README.md').split(/^## /m);

  it('begins with two commands that set everything up: one to run, one to test', () =>
    expect(blocksOf(firstScreen)).toEqual([RUN_COMMAND, TEST_COMMAND]));

  it('leads to every document', () => {
    const documents = readdirSync('docs').filter((name) => name.endsWith('.md'));
    const [, index = ''] = read('README.md').split('## Documents');
    const [table = ''] = index.split(/^## /m);
    for (const name of documents) expect(table).toContain(`](docs/${name})`);
  });

  it('has every command of the command line', async () => {
    const { stdout } = await execute(process.execPath, ['dist/cli/main.js', 'help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z:]*) /gm)].map(([, name]) => name!);
    expect(commands).toContain('start');
    for (const command of commands) expect(read('README.md')).toContain(`\`revurb ${command}`);
  });

  it('shows a Nest application that works', async () => {
    const [example = ''] = blocksOf(read('README.md'), 'ts');
    const port = await runAsHost(example);
    const key = 'app-key';
    const httpUrl = `http://127.0.0.1:${port}/realtime`;
    const server = { httpUrl, appId: 'app-id', key, secret: 'app-secret' };
    const client = await PusherClient.connect({ url: `ws://127.0.0.1:${port}/realtime`, key });
    await client.subscribe('hello');
    const body = { name: 'greeting', channel: 'hello', data: 'hi' };
    expect(await signedRequest(server, 'POST', 'events', { body })).toMatchObject({ status: 200 });
    expect((await client.expectFrame('greeting')).data).toBe('hi');
  });
});

describe('.ci/run', () => {
  it('picks the test command of README.md', async () =>
    expect(await execute('.ci/run', ['--print'])).toEqual({
      code: 0,
      stdout: `${TEST_COMMAND}\n`,
      stderr: '',
    }));

  describe('in a repository of its own', () => {
    let directory: string;

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'revurb-'));
      cpSync('.ci', join(directory, '.ci'), { recursive: true });
    });

    afterEach(() => rmSync(directory, { recursive: true }));

    const run = (readme: string) => {
      writeFileSync(join(directory, 'README.md'), readme);
      return execute(join(directory, '.ci/run'), []);
    };

    it('runs that command in the root of the repository', async () => {
      const { code, stdout } = await run('Run:\n\n```sh\nfalse\n```\n\nTest:\n\n```sh\nls\n```\n');
      expect([code, stdout]).toEqual([0, 'ls\nREADME.md\n']);
    });

    it('fails as the command fails', async () =>
      expect(await run('Test:\n\n```sh\nexit 3 && true\n```\n')).toMatchObject({ code: 3 }));

    it.each([
      ['no such block', '# Nothing\n'],
      ['an empty one', 'Test:\n\n```sh\n```\n'],
      ['one of two lines', 'Test:\n\n```sh\nls\nls\n```\n'],
    ])('says so when there is %s', async (_, readme) => {
      const { code, stdout, stderr } = await run(readme);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^\.ci\/run: .*README\.md.*\n$/);
    });
  });
});

/** Runs an example in a package of its own that has Nest and `revurb` installed. @returns its port */
async function runAsHost(example: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(resolve('.'), join(directory, 'node_modules/revurb'));
  symlinkSync(resolve('node_modules/@nestjs'), join(directory, 'node_modules/@nestjs'));
  const { outputText, diagnostics } = ts.transpileModule(example.replace('(3000)', '(0)'), {
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
    },
  });
  expect(diagnostics).toEqual([]);
  const file = join(directory, 'main.mjs');
  writeFileSync(file, `${outputText}\nprocess.send(app.getHttpServer().address().port);\n`);
  const host = fork(file, { cwd: directory, silent: true, execArgv: [] });
  registerForClose(() => {
    host.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  return new Promise((started, failed) => {
    let complaint = '';
    host.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    host.once('message', (port) => started(port as number));
    host.once('exit', (code) => failed(new Error(`The example ended with ${code}: ${complaint}`)));
  });
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function execute(file: string, args: string[]): Promise<Outcome> {
  return new Promise((done) => {
    execFile(file, args, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
