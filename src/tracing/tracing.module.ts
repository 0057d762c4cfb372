import { Module } from '@nestjs/common';
import { loadTracer } from './load-tracer.js';
import { Tracing } from './tracing.js';

/** Follows events on their way, where an SDK of OpenTelemetry was registered before the server was put together. */
@Module({
  providers: [{ provide: Tracing, useFactory: async () => new Tracing(await loadTracer()) }],
  exports: [Tracing],
})
export class TracingModule {}
