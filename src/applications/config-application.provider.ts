import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ApplicationProvider } from './application-provider.js';
import type { Application } from './application.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';

/** The default provider: the applications of the configuration, replaced as a whole when it changes. */
@Injectable()
export class ConfigApplicationProvider
  extends ApplicationProvider
  implements OnModuleInit, OnModuleDestroy
{
  private byId = new Map<string, Application>();
  private byKey = new Map<string, Application>();
  private stopWatching: (() => void) | undefined;
  private listener: ((application: Application) => void) | undefined;

  constructor(@Inject(APPLICATIONS_OPTIONS) private options: ApplicationsOptions) {
    super();
    this.replace(options.applications);
  }

  onModuleInit(): void {
    this.watch();
  }

  onModuleDestroy(): void {
    this.stopWatching?.();
  }

  /** Puts other applications in the place of these, and watches for their changes instead. */
  follow(options: ApplicationsOptions): void {
    this.stopWatching?.();
    this.options = options;
    this.replace(options.applications);
    this.watch();
  }

  override findById(id: string): Application | undefined {
    return this.byId.get(id);
  }

  override findByKey(key: string): Application | undefined {
    return this.byKey.get(key);
  }

  override ids(): readonly string[] {
    return [...this.byId.keys()];
  }

  override mayHaveWebhooks(): boolean {
    for (const { webhooks } of this.byId.values()) if (webhooks.length > 0) return true;
    return false;
  }

  override onChange(listener: (application: Application) => void): void {
    this.listener = listener;
  }

  private watch(): void {
    this.stopWatching = this.options.watch?.((applications) => this.replace(applications));
  }

  private replace(applications: readonly Application[]): void {
    this.byId = new Map(applications.map((application) => [application.id, application]));
    this.byKey = new Map(
      applications.flatMap((application) =>
        application.keys.map(({ key }) => [key, application] as const),
      ),
    );
    for (const application of applications) this.listener?.(application);
  }
}
