import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import Database from 'better-sqlite3';
import { createApplication, type Application, type ApplicationSettings } from 'revurb';

/** Token of the path of the database. */
export const DATABASE_FILE = Symbol('DATABASE_FILE');

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY,
    -- What differs from the defaults, as JSON: {"maxConnections": 100}
    settings TEXT NOT NULL DEFAULT '{}'
  );
  CREATE TABLE IF NOT EXISTS application_keys (
    key TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE
  );
`;

/** The applications of a SQLite database. */
@Injectable()
export class ApplicationDatabase implements OnApplicationShutdown {
  private readonly database: Database.Database;
  private readonly selectSettings;
  private readonly selectKeys;
  private readonly selectOwner;

  constructor(@Inject(DATABASE_FILE) file: string) {
    this.database = new Database(file);
    this.database.pragma('journal_mode = WAL');
    this.database.pragma('foreign_keys = ON');
    this.database.exec(SCHEMA);
    this.selectSettings = this.database
      .prepare<[string], string>('SELECT settings FROM applications WHERE id = ?')
      .pluck();
    this.selectKeys = this.database.prepare<[string], { key: string; secret: string }>(
      'SELECT key, secret FROM application_keys WHERE application_id = ? ORDER BY rowid',
    );
    this.selectOwner = this.database
      .prepare<[string], string>('SELECT application_id FROM application_keys WHERE key = ?')
      .pluck();
  }

  /** After the connections were closed: until then applications are asked for. */
  onApplicationShutdown(): void {
    this.database.close();
  }

  /** Undefined also when it has no key, as nobody could use it. */
  read(id: string): Application | undefined {
    const settings = this.selectSettings.get(id);
    const keys = this.selectKeys.all(id);
    if (settings === undefined || keys.length === 0) return undefined;
    return createApplication({
      ...(JSON.parse(settings) as Partial<ApplicationSettings>),
      id,
      keys,
    });
  }

  /** The id of the application that has a key. */
  ownerOf(key: string): string | undefined {
    return this.selectOwner.get(key);
  }

  /** Another number when another connection, of whatever process, has changed the database. */
  get version(): number {
    return this.database.pragma('data_version', { simple: true }) as number;
  }
}
