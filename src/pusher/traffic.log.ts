import { Injectable, Logger } from '@nestjs/common';
import type { Connection } from '../connections/connection.js';

/** What goes on, in a readable form, for `--debug` alone: payloads are shown nowhere else. */
@Injectable()
export class TrafficLog {
  private readonly logger = new Logger('Traffic');

  /** Ask before putting a text together. */
  get isEnabled(): boolean {
    return Logger.isLevelEnabled('debug');
  }

  opened({ socketId, client, application }: Connection): void {
    if (!this.isEnabled) return;
    const { address, library, version } = client;
    this.logger.debug(
      `${socketId} connected to ${application.id} from ${address} (${library} ${version})`,
    );
  }

  closed({ socketId }: Connection, code: number): void {
    if (this.isEnabled) this.logger.debug(`${socketId} closed (${code})`);
  }

  received({ socketId }: Connection, text: string): void {
    if (this.isEnabled) this.logger.debug(`${socketId} > ${text}`);
  }

  refused(socketId: string, why: Error): void {
    if (this.isEnabled) this.logger.debug(`${socketId} refused: ${why.message}`);
  }

  published(appId: string, channels: readonly string[], name: string, data: string): void {
    if (this.isEnabled)
      this.logger.debug(`${appId} published ${name} to ${channels.join()}: ${data}`);
  }
}
