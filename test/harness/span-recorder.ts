import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  trace,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { eventually, registerForClose } from './eventually.js';

/** How an SDK is set up. */
interface RecorderOptions {
  readonly sampler?: Sampler;
  /** Beside the one that keeps the spans. */
  readonly processors?: readonly SpanProcessor[];
}

/** Knows which span is active, through promises. */
class Contexts implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    work: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(active, () => work.apply(self, args));
  }

  bind<T>(_: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}

/** A whole SDK of OpenTelemetry, whose spans stay in memory. Servers have to be started after it. */
export class SpanRecorder {
  private readonly exporter = new InMemorySpanExporter();
  readonly provider: BasicTracerProvider;

  private constructor({ sampler, processors = [] }: RecorderOptions) {
    const spanProcessors = [new SimpleSpanProcessor(this.exporter), ...processors];
    this.provider = new BasicTracerProvider({ sampler, spanProcessors });
  }

  /** Registers it for the process, until `closeAll()`. */
  static start(options: RecorderOptions = {}): SpanRecorder {
    const recorder = new SpanRecorder(options);
    trace.setGlobalTracerProvider(recorder.provider);
    context.setGlobalContextManager(new Contexts());
    registerForClose(() => {
      trace.disable();
      context.disable();
    });
    return recorder;
  }

  /** What has ended so far. */
  get spans(): readonly ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Resolves once there are as many of each. */
  async until(counts: Readonly<Record<string, number>>): Promise<void> {
    await eventually(() => {
      for (const [name, count] of Object.entries(counts)) {
        const found = this.named(name).length;
        if (found !== count) throw new Error(`There are ${found} of ${name}, and not ${count}.`);
      }
    });
  }
}
