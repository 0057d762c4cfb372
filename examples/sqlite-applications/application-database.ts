import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import Database from 'libsql';
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
  private readonly selectSettings: Database.Statement<[id: string]>;
  private readonly selectKeys: Database.Statement<[id: string]>;
  private readonly selectOwner: Database.Statement<[key: string]>;
  private readonly selectVersion: Database.Statement<[]>;

  constructor(@Inject(DATABASE_FILE) file: string) {
    this.database = new Database(file);
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
    this.database.exec(SCHEMA);
    this.selectSettings = this.database.prepare('SELECT settings FROM applications WHERE id = ?');
    this.selectKeys = this.database.prepare(
      'SELECT key, secret FROM application_keys WHERE application_id = ? ORDER BY rowid',
    );
    this.selectOwner = this.database.prepare(
      'SELECT application_id AS id FROM application_keys WHERE key = ?',
    );
    this.selectVersion = this.database.prepare('PRAGMA data_version');
  }

  /** After the connections were closed: until then applications are asked for. */
  onApplicationShutdown(): void {
    this.database.close();
  }

  /** Undefined also when it has no key, as nobody could use it. */
  read(id: string): Application | undefined {
    const row = this.selectSettings.get(id) as { settings: string } | undefined;
    const keys = this.selectKeys.all(id) as { key: string; secret: string }[];
    if (row === undefined || keys.length === 0) return undefined;
    return createApplication({
      ...(JSON.parse(row.settings) as Partial<ApplicationSettings>),
      id,
      keys,
    });
  }

  /** The id of the application that has a key. */
  ownerOf(key: string): string | undefined {
    return (this.selectOwner.get(key) as { id: string } | undefined)?.id;
  }

  /** Another number when another connection, of whatever process, has changed the database. */
  get version(): number {
    return (this.selectVersion.get() as { data_version: number }).data_version;
  }
}
