import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule as NestConfigModule } from '@nestjs/config';
import type { LoadedConfiguration } from './load-configuration.js';
import { ServerConfiguration } from './server-configuration.js';

/** Gives the loaded configuration to the whole application; the environment is not read again. */
@Module({})
export class ConfigModule {
  /**
   * Global. Exports ServerConfiguration, and Nest's ConfigService, whose
   * `get('REVERB_SERVER_PORT')` answers with the validated and typed value of a variable.
   */
  static forRoot(loaded: LoadedConfiguration): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      imports: [
        // Nest's `validate` would write every variable to process.env, secrets included.
        NestConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [() => ({ ...loaded.variables })],
        }),
      ],
      providers: [{ provide: ServerConfiguration, useValue: loaded.configuration }],
      exports: [ServerConfiguration],
    };
  }
}
