import { Module, type DynamicModule } from '@nestjs/common';
import { RevurbModule } from 'revurb';
import { ApplicationDatabase, DATABASE_FILE } from './application-database.js';
import { SqliteApplicationProvider } from './sqlite-application.provider.js';

/** Provides the database. Goes into the `imports` of `RevurbModule.forRoot`. */
@Module({})
export class ApplicationDatabaseModule {
  /** One per application. */
  static forRoot(file: string): DynamicModule {
    return {
      module: ApplicationDatabaseModule,
      providers: [{ provide: DATABASE_FILE, useValue: file }, ApplicationDatabase],
      exports: [ApplicationDatabase],
    };
  }
}

/** A Nest application with the server in it, whose applications are in a database. */
@Module({})
export class HostApplicationModule {
  /** @param file path of the database, which is made if it is not there */
  static forRoot(file: string): DynamicModule {
    return {
      module: HostApplicationModule,
      imports: [
        RevurbModule.forRoot({
          applicationProvider: SqliteApplicationProvider,
          imports: [ApplicationDatabaseModule.forRoot(file)],
        }),
      ],
    };
  }
}
