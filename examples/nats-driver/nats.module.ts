import { Module, type DynamicModule } from '@nestjs/common';
import { NatsLink } from './nats-link.js';
import { NATS_OPTIONS, type NatsOptions } from './nats.options.js';

/** Provides what the two classes of the driver share. Goes into the `imports` of `RevurbModule.forRoot`. */
@Module({})
export class NatsModule {
  /** One per application. */
  static forRoot(options: NatsOptions = {}): DynamicModule {
    return {
      module: NatsModule,
      providers: [{ provide: NATS_OPTIONS, useValue: options }, NatsLink],
      exports: [NatsLink],
    };
  }
}
