import { execFile, fork, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { registerForClose } from './harness/eventually.js';
import { publish } from './harness/publish.js';

const execute = promisify(execFile);

/** What the entries of `exports` and `bin` are about. */
interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const TENANT = { appId: 'tenant', key: 'tenant-key', secret: 'tenant-secret' };
const COMPILER_OPTIONS = {
  target: 'ES2023',
  module: 'NodeNext',
  lib: ['ES2023'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  outDir: 'dist',
};

let directory: string;
let project: string;
let installed: string;
let files: string[];
let manifest: Manifest;

/** Packs, and unpacks into a project that has nothing else but what the package says it needs. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-package-'));
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const { stdout } = await execute('npm', args);
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = packed.files.map(({ path }) => path);
  project = join(directory, 'project');
  installed = join(project, 'node_modules/revurb');
  mkdirSync(installed, { recursive: true });
  const tarball = join(directory, packed.filename);
  await execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  link(Object.keys(manifest.dependencies));
  // Of the team: the platform it has chosen, and its own types.
  link(['@nestjs/platform-express', '@types/node']);
  linkCommands();
}, 60_000);

afterEach(closeAll);

afterAll(() => rmSync(directory, { recursive: true }));

function link(packages: readonly string[]): void {
  for (const name of packages) {
    const target = join(project, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    if (!existsSync(target)) symlinkSync(resolve('node_modules', name), target);
  }
}

/** As npm does it, which also makes them executable. */
function linkCommands(): void {
  mkdirSync(join(project, 'node_modules/.bin'));
  for (const [name, path] of Object.entries(manifest.bin)) {
    symlinkSync(join(installed, path), join(project, 'node_modules/.bin', name));
  }
}

/** Writes and compiles the project of a team. */
async function compileTeamProject(): Promise<void> {
  cpSync('test/fixtures/team-project', join(project, 'src'), { recursive: true });
  const description = { name: 'team', private: true, type: 'module' };
  writeFileSync(join(project, 'package.json'), JSON.stringify(description));
  const config = { compilerOptions: { ...COMPILER_OPTIONS, rootDir: 'src' }, include: ['src'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const compiler = resolve('node_modules/typescript/lib/tsc.js');
  try {
    await execute(process.execPath, [compiler, '-p', project]);
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout, { cause: error });
  }
}

/** Runs a file of the compiled project. @returns the first message it sends */
function run<T>(file: string): Promise<T> {
  const child = fork(join(project, 'dist', file), { cwd: project, silent: true, execArgv: [] });
  registerForClose(() => ended(child));
  return new Promise((resolveMessage, reject) => {
    let complaint = '';
    child.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('message', (message) => resolveMessage(message as T));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${complaint}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolveEnd) => {
    child.once('exit', () => resolveEnd());
    child.kill('SIGKILL');
  });
}

describe('The package', () => {
  it('has what it exports, its types, and its documents', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const named = [...targets, ...Object.values(manifest.bin)].map((path) => path.slice(2));
    expect(named).toEqual(expect.arrayContaining(['dist/testing/index.d.ts', 'dist/cli/main.js']));
    expect(files).toEqual(
      expect.arrayContaining([...named, 'README.md', 'LICENSE', 'CHANGELOG.md', '.env.example']),
    );
  });

  it('has the page of the inspector, where its own code finds it', async () => {
    const reader = join(installed, 'dist/inspector/http/page-files.js');
    const { readPageFiles } = (await import(reader)) as {
      readPageFiles(): ReadonlyMap<string, unknown>;
    };
    const paths = [...readPageFiles().keys()];
    expect(paths).toContain('/index.html');
    expect(paths.filter((path) => /^\/assets\/[\w-]+\.(?:js|css)$/.test(path))).toHaveLength(2);
    expect(files).toEqual(
      expect.arrayContaining(paths.map((path) => `dist/inspector-page${path}`)),
    );
  });

  it('has nothing else of this repository', () => {
    const own =
      /^(dist|docs|deploy)\/|^[^/]+\.md$|^(LICENSE|package\.json|compose\.yaml|\.env\.example)$/;
    expect(files.filter((path) => !own.test(path))).toEqual([]);
    expect(files.filter((path) => /spec\.|\.tsbuildinfo$|^\.env$/.test(path))).toEqual([]);
  });

  it('has a command, which npx finds', async () => {
    const command = join(project, 'node_modules/.bin/revurb');
    expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout } = await execute(process.execPath, [command, 'version'], { cwd: project });
    expect(stdout.trim()).toBe(manifest.version);
  });

  it('lets nobody import what is not exported', async () => {
    const script = `import('revurb/dist/pusher/drain.js').catch(({ code }) => console.log(code))`;
    const { stdout } = await execute(process.execPath, ['-e', script], { cwd: project });
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('A project that has the package installed', () => {
  beforeAll(compileTeamProject, 60_000);

  it('runs a module with another application provider and a hook', async () => {
    const port = await run<number>('main.js');
    const at = `127.0.0.1:${port}/realtime`;
    const server = { ...TENANT, url: `ws://${at}`, httpUrl: `http://${at}` };
    const client = await PusherClient.connect(server);
    await client.subscribePrivate('private-c', server);
    await publish(server, 'private-c', 'e', 'hi');
    expect((await client.expectFrame('e')).data).toBe('hi from tenant');
    const refused = await PusherClient.refused({ ...server, key: 'app-key' });
    expect(refused.closeCode).toBe(4001);
  });

  it('tests that module with a server of revurb/testing', async () => {
    const seen = await run('own-test.js');
    expect(seen).toEqual({ rawData: 'hi from tenant', data: 'hi from tenant' });
  });
});
