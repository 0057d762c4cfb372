import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { DeadlineError, withDeadline } from '../deadline.js';
import { EXTENSIONS_OPTIONS, type ExtensionsOptions } from './extensions.options.js';
import { compileHooks, HOOK_NAMES, hasHook, type Hooks, type ToldAbout } from './hooks.js';
import { PUSHER_EXTENSION, type PusherExtensionOptions } from './pusher-extension.decorator.js';
import { TellQueue } from './told-hook.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Knows the extensions of all modules, from the start of the application on. */
@Injectable()
export class ExtensionRegistry implements OnModuleInit {
  private readonly logger = new Logger('Extensions');
  private readonly queue = new TellQueue();
  private readonly observers: { [H in keyof ToldAbout]?: ((event: ToldAbout[H]) => void)[] } = {};
  private extensions: readonly object[] = [];
  private readonly timeoutMs: number;
  /** Those that somebody has. */
  hooks: Hooks;

  constructor(
    private readonly discovery: DiscoveryService,
    @Inject(EXTENSIONS_OPTIONS) { hookTimeoutSeconds }: ExtensionsOptions,
  ) {
    this.timeoutMs = hookTimeoutSeconds * 1000;
    this.hooks = this.compile();
  }

  /** @throws Error when an extension is no singleton */
  onModuleInit(): void {
    this.extensions = this.find();
    for (const extension of this.extensions) this.checkHooks(extension);
    this.hooks = this.compile();
  }

  /**
   * Tells a part of the server itself, at once and before all extensions. It must not throw.
   * @returns what ends that
   */
  observe<H extends keyof ToldAbout>(hook: H, observer: (event: ToldAbout[H]) => void): () => void {
    const others = () => this.observersOf(hook).filter((other) => other !== observer);
    this.setObservers(hook, [...others(), observer]);
    return () => this.setObservers(hook, others());
  }

  /** Tells what is still to be told, and waits until the extensions are done with it. */
  async settle(): Promise<void> {
    try {
      await withDeadline(this.queue.settle(), this.timeoutMs);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.logger.warn('Extensions are not done with what they were told, the server stops anyway');
    }
  }

  private observersOf<H extends keyof ToldAbout>(hook: H): ((event: ToldAbout[H]) => void)[] {
    return this.observers[hook] ?? [];
  }

  private setObservers<H extends keyof ToldAbout>(
    hook: H,
    observers: ((event: ToldAbout[H]) => void)[],
  ): void {
    (this.observers as Record<H, ((event: ToldAbout[H]) => void)[]>)[hook] = observers;
    this.hooks = this.compile();
  }

  private compile(): Hooks {
    const { observers, queue, timeoutMs, logger } = this;
    return compileHooks(this.extensions, { observers, queue, timeoutMs, logger });
  }

  /** In the order in which they are called, each once. */
  private find(): object[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const orders = new Map<object, number>();
    for (const wrapper of wrappers) {
      const options = optionsOf(wrapper);
      if (options === undefined) continue;
      checkLifetime(wrapper);
      if (!orders.has(wrapper.instance)) orders.set(wrapper.instance, options.order ?? 0);
    }
    return [...orders].sort(([, one], [, other]) => one - other).map(([instance]) => instance);
  }

  private checkHooks(extension: object): void {
    if (HOOK_NAMES.some((hook) => hasHook(extension, hook))) return;
    const { name } = extension.constructor;
    this.logger.warn(
      `${name} is an extension, but has no hook. Hooks are ${HOOK_NAMES.join(', ')}`,
    );
  }
}

function optionsOf({ instance, metatype }: Wrapper): PusherExtensionOptions | undefined {
  const type: unknown = instance?.constructor ?? metatype;
  if (typeof type !== 'function') return undefined;
  return Reflect.getMetadata(PUSHER_EXTENSION, type) as PusherExtensionOptions | undefined;
}

function checkLifetime(wrapper: Wrapper): void {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return;
  throw new Error(
    `${wrapper.name} is an extension of the server, which is there all the time, so it has to be a ` +
      'singleton. It, or something it injects, is request-scoped or transient.',
  );
}
