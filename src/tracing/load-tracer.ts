import { packageVersion } from '../package-version.js';
import { OpenTelemetryTracer } from './open-telemetry.tracer.js';
import type { EventTracer } from './tracing.js';

/** What the spans are said to be made by. */
const SCOPE = 'revurb';

/**
 * A tracer, if an SDK of OpenTelemetry was registered before. Its API need not be installed.
 * @returns null when nobody would record anything
 */
export async function loadTracer(): Promise<EventTracer | null> {
  const api = await import('@opentelemetry/api').catch(() => undefined);
  if (api === undefined) return null;
  const provider = api.trace.getTracerProvider();
  // The one that stands in until there is an SDK has none to pass on to.
  const tracer =
    'getDelegateTracer' in provider
      ? (provider as InstanceType<typeof api.ProxyTracerProvider>).getDelegateTracer(
          SCOPE,
          packageVersion(),
        )
      : provider.getTracer(SCOPE, packageVersion());
  return tracer === undefined ? null : new OpenTelemetryTracer(api, tracer);
}
