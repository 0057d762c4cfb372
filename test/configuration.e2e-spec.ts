import {
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Application } from '../src/applications/application.js';
import { loadConfiguration } from '../src/config/load-configuration.js';
import { readTlsFiles, watchTlsFiles } from '../src/config/tls-files.js';

const INTERVAL_MS = 20;
const FIXTURES = 'test/fixtures/tls';

let directory: string;
let errors: ReturnType<typeof jest.spyOn>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revurb-'));
  errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 5000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('It did not happen within 5 seconds.');
    await pause(5);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('A file of applications', () => {
  let path: string;
  let stop: () => void;
  let lists: (readonly Application[])[];

  const listOf = (...ids: string[]) =>
    JSON.stringify(ids.map((app_id) => ({ app_id, key: `k${app_id}`, secret: 's' })));
  const idsOfLast = () =>
    lists
      .at(-1)
      ?.map(({ id }) => id)
      .join();

  function start(env: Record<string, string> = {}): void {
    const { applicationsOptions } = loadConfiguration({
      env: { REVERB_APPS_FILE: path, ...env },
      envFilePath: '/dev/null',
      watchIntervalMs: INTERVAL_MS,
    });
    lists = [];
    stop = applicationsOptions.watch!((applications) => lists.push(applications));
  }

  beforeEach(() => {
    path = join(directory, 'apps.json');
    writeFileSync(path, listOf('1'));
    stop = () => undefined;
  });

  afterEach(() => stop());

  it('is read again when it is written', async () => {
    start();
    writeFileSync(path, listOf('1', '2'));
    await until(() => idsOfLast() === '1,2');
    writeFileSync(path, listOf('3'));
    await until(() => idsOfLast() === '3');
    expect(lists).toHaveLength(2);
  });

  it('is read again when it is replaced by a rename', async () => {
    start();
    writeFileSync(`${path}.new`, listOf('2'));
    renameSync(`${path}.new`, path);
    await until(() => idsOfLast() === '2');
  });

  it('is read again when Kubernetes swaps the link to its directory', async () => {
    const link = join(directory, 'data');
    const version = (name: string, content: string) => {
      writeFileSync(join(directory, name), content);
      symlinkSync(join(directory, name), `${link}.new`);
      renameSync(`${link}.new`, link);
    };
    version('one', listOf('1'));
    path = link;
    start();
    version('two', listOf('2'));
    await until(() => idsOfLast() === '2');
  });

  it('changes nothing when it has faults, which are logged once', async () => {
    start();
    writeFileSync(path, '[{"app_id":"2","key":"k","secret":"s","enable":true}]');
    await until(() => errors.mock.calls.length > 0);
    await pause(INTERVAL_MS * 5);
    expect(errors.mock.calls).toEqual([
      [
        expect.any(String),
        { faults: ['REVERB_APPS_FILE[0].enable: unknown field, did you mean enabled?'] },
      ],
    ]);
    expect(lists).toEqual([]);
    writeFileSync(path, listOf('2'));
    await until(() => idsOfLast() === '2');
  });

  it('changes nothing when it is gone, and is read when it is back', async () => {
    start();
    unlinkSync(path);
    await until(() => errors.mock.calls.length > 0);
    expect(lists).toEqual([]);
    writeFileSync(path, listOf('2'));
    await until(() => idsOfLast() === '2');
    expect(errors).toHaveBeenCalledTimes(1);
  });

  it('is left alone when it is written with the same content', async () => {
    start();
    writeFileSync(path, listOf('1'));
    await pause(INTERVAL_MS * 5);
    expect(lists).toEqual([]);
  });

  it('keeps the application of REVERB_APP_ID in front, and its key to itself', async () => {
    start({ REVERB_APP_ID: '9', REVERB_APP_KEY: 'k9', REVERB_APP_SECRET: 's' });
    writeFileSync(path, listOf('2'));
    await until(() => idsOfLast() === '9,2');
    writeFileSync(path, listOf('9'));
    await until(() => errors.mock.calls.length > 0);
    expect(idsOfLast()).toBe('9,2');
  });

  it('is no longer looked at after stop', async () => {
    start();
    stop();
    writeFileSync(path, listOf('2'));
    await pause(INTERVAL_MS * 5);
    expect(lists).toEqual([]);
  });
});

describe('TLS', () => {
  const files = () => ({ cert: join(directory, 'cert'), key: join(directory, 'key') });
  let server: Server;
  let stop: () => void;

  function install(pair: 'first' | 'second'): void {
    copyFileSync(`${FIXTURES}/${pair}.key`, files().key);
    copyFileSync(`${FIXTURES}/${pair}.crt`, files().cert);
  }

  /** The certificate a new connection gets, with its chain. */
  function certificateServed(): Promise<DetailedPeerCertificate> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate(true));
        socket.destroy();
      }).once('error', reject);
    });
  }

  const nameServed = async () => (await certificateServed()).subject.CN;

  async function untilServed(name: string): Promise<void> {
    const deadlineMs = Date.now() + 5000;
    while ((await nameServed()) !== name) {
      if (Date.now() > deadlineMs) throw new Error(`${name} was not served within 5 seconds.`);
      await pause(10);
    }
  }

  beforeEach(async () => {
    install('first');
    const loaded = readTlsFiles(files());
    server = createServer(loaded);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stop = watchTlsFiles(server, files(), { loaded, intervalMs: INTERVAL_MS });
  });

  afterEach(async () => {
    stop();
    await new Promise((resolve) => server.close(resolve));
  });

  it('serves a new certificate without a restart', async () => {
    expect(await nameServed()).toBe('first.localhost');
    install('second');
    await untilServed('second.localhost');
    install('first');
    await untilServed('first.localhost');
  });

  it.each([
    ['does not match its key', () => copyFileSync(`${FIXTURES}/second.crt`, files().cert)],
    ['is rubbish', () => writeFileSync(files().cert, 'rubbish')],
    ['is gone', () => unlinkSync(files().cert)],
  ])('keeps the old certificate when the new one %s, and says so once', async (_, spoil) => {
    spoil();
    await until(() => errors.mock.calls.length > 0);
    await pause(INTERVAL_MS * 5);
    expect(errors).toHaveBeenCalledTimes(1);
    expect(await nameServed()).toBe('first.localhost');
    install('second');
    await untilServed('second.localhost');
  });

  it('completes the chain with the authorities it is given', async () => {
    const pair = { cert: `${FIXTURES}/issued.crt`, key: `${FIXTURES}/issued.key` };
    server.setSecureContext(readTlsFiles({ ...pair, ca: `${FIXTURES}/ca.crt` }));
    const { subject, issuerCertificate } = await certificateServed();
    expect([subject.CN, issuerCertificate.subject.CN]).toEqual([
      'issued.localhost',
      'Test authority',
    ]);
  });

  describe('at the start', () => {
    const faultsOf = (env: Record<string, string>) => {
      try {
        loadConfiguration({ env, envFilePath: '/dev/null' });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const env = {
      REVERB_TLS_CERT: `${FIXTURES}/first.crt`,
      REVERB_TLS_KEY: `${FIXTURES}/first.key`,
    };

    it('is told to the server', () =>
      expect(loadConfiguration({ env, envFilePath: '/dev/null' }).configuration.listen.tls).toEqual(
        {
          cert: env.REVERB_TLS_CERT,
          key: env.REVERB_TLS_KEY,
        },
      ));

    it('is refused when files are missing or do not match', () => {
      expect(faultsOf({ ...env, REVERB_TLS_KEY: 'none' })).toBe(
        'REVERB_TLS_KEY: got "none"; wants a file that can be read (ENOENT)',
      );
      expect(faultsOf({ ...env, REVERB_TLS_KEY: FIXTURES })).toContain('(EISDIR)');
      expect(faultsOf({ ...env, REVERB_TLS_KEY: `${FIXTURES}/second.key` })).toMatch(
        /^REVERB_TLS_CERT: wants a PEM certificate with the key .*mismatch/,
      );
    });

    it('needs the passphrase of an encrypted key, and never shows it', () => {
      const encrypted = { ...env, REVERB_TLS_KEY: `${FIXTURES}/first-encrypted.key` };
      expect(faultsOf({ ...encrypted, REVERB_TLS_PASSPHRASE: 'a-passphrase' })).toBe('');
      const fault = faultsOf({ ...encrypted, REVERB_TLS_PASSPHRASE: 'hunter2' });
      expect(fault).toMatch(/^REVERB_TLS_CERT/);
      expect(fault).not.toContain('hunter2');
    });
  });
});
