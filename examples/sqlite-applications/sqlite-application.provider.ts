import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ApplicationProvider, type Application } from 'revurb';
import { ApplicationDatabase } from './application-database.js';

const CHECK_INTERVAL_MS = 250;

/**
 * Gives the server the applications of a database. What was read is kept until somebody changes the
 * database, so a connect or a publish costs no query. Open connections follow changed settings.
 */
@Injectable()
export class SqliteApplicationProvider
  extends ApplicationProvider
  implements OnModuleInit, OnModuleDestroy
{
  private readonly logger = new Logger(SqliteApplicationProvider.name);
  private readonly byId = new Map<string, Application>();
  private readonly ownersByKey = new Map<string, string>();
  private listener: ((application: Application) => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private version: number;

  constructor(private readonly database: ApplicationDatabase) {
    super();
    this.version = database.version;
  }

  onModuleInit(): void {
    this.timer = setInterval(() => this.check(), CHECK_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Only what is found is kept, or strangers could fill the memory with ids that do not exist. */
  override findById(id: string): Application | undefined {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    return this.read(id);
  }

  override findByKey(key: string): Application | undefined {
    const known = this.ownersByKey.get(key);
    if (known !== undefined) return this.findById(known);
    const owner = this.database.ownerOf(key);
    if (owner === undefined) return undefined;
    // What is kept of the application may be older than the key.
    const application = this.read(owner);
    this.ownersByKey.set(key, owner);
    return application;
  }

  override onChange(listener: (application: Application) => void): void {
    this.listener = listener;
  }

  private read(id: string): Application | undefined {
    const application = this.database.read(id);
    if (application !== undefined) this.byId.set(id, application);
    return application;
  }

  /** A database that cannot be read leaves the applications as they are. */
  private check(): void {
    try {
      const { version } = this.database;
      if (version === this.version) return;
      this.refresh();
      this.version = version;
    } catch (error) {
      this.logger.error('The applications could not be read again', error);
    }
  }

  private refresh(): void {
    const fresh = [...this.byId.keys()].map((id) => [id, this.database.read(id)] as const);
    this.byId.clear();
    this.ownersByKey.clear();
    for (const [id, application] of fresh) {
      if (application === undefined) continue;
      this.byId.set(id, application);
      this.listener?.(application);
    }
  }
}
