import { ConfigurableModuleBuilder, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { ApplicationProvider } from './application-provider.js';
import { ApplicationsReload } from './applications-reload.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import { ConfigApplicationProvider } from './config-application.provider.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<ApplicationsOptions>({
  optionsInjectionToken: APPLICATIONS_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<{
    provider?: Type<ApplicationProvider>;
    /** Modules that export what the provider injects. */
    imports?: ModuleMetadata['imports'];
  }>({}, (definition, extras) => ({
    ...definition,
    global: true,
    imports: [...(definition.imports ?? []), ...(extras.imports ?? [])],
    providers: [
      ...(definition.providers ?? []),
      { provide: ApplicationProvider, useClass: extras.provider ?? ConfigApplicationProvider },
      ApplicationsReload,
    ],
  }))
  .build();

/** Provides the ApplicationProvider: the configured applications, or the class given as `provider`. Global. */
@Module({ exports: [ApplicationProvider, ApplicationsReload] })
export class ApplicationsModule extends ConfigurableModuleClass {}
