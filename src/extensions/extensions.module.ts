import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ExtensionRegistry } from './extension.registry.js';
import {
  completeExtensionsOptions,
  EXTENSIONS_OPTIONS,
  type ExtensionsOptions,
} from './extensions.options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<
  Partial<ExtensionsOptions>
>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/** Finds the classes that are marked with PusherExtension, in all modules of the application. Global. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: EXTENSIONS_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: completeExtensionsOptions,
    },
    ExtensionRegistry,
  ],
  exports: [ExtensionRegistry],
})
export class ExtensionsModule extends ConfigurableModuleClass {}
