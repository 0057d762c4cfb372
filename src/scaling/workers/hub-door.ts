import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { KnownSecret } from '../../known-secret.js';
import type { WorkerBusAddress } from './worker-bus-address.js';

/** Where workers come in: a Unix socket in a directory that only this user can enter, and a secret. */
export class HubDoor {
  private readonly logger = new Logger('WorkerHub');
  private readonly token = randomBytes(32).toString('hex');
  private readonly secret = new KnownSecret(this.token);
  private readonly server = createServer((socket) => this.onSocket(socket));
  private directory: string | undefined;

  constructor(private readonly onSocket: (socket: Socket) => void) {}

  /** @returns what workers have to be told */
  async open(): Promise<WorkerBusAddress> {
    this.directory = await mkdtemp(join(tmpdir(), 'revurb-bus-'));
    const path = join(this.directory, 'socket');
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, resolve);
    });
    this.server.on('error', (error) => this.logger.error('A worker could not be let in', error));
    return { path, token: this.token };
  }

  /** Lets nobody in any more. Resolves when those who are in are gone. */
  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
    if (this.directory !== undefined) await rm(this.directory, { recursive: true, force: true });
  }

  isToken(text: string): boolean {
    return this.secret.is(text);
  }
}
