import type { LoadedConfiguration } from '../config/load-configuration.js';
import type { ApplicationsMessage, ConfigurationMessage } from './worker-message.js';

/** What all workers run with: those to come are told at their start, the others when it changes. */
export class SharedConfiguration {
  private applications: string | undefined;
  private stopWatching: (() => void) | undefined;

  constructor(
    private loaded: LoadedConfiguration,
    private readonly tell: (message: ApplicationsMessage | ConfigurationMessage) => void,
  ) {
    this.applications = loaded.applicationFile?.content;
  }

  /** As it is now. */
  get current(): Omit<ConfigurationMessage, 'type'> {
    return { environment: this.loaded.environment, applications: this.applications };
  }

  /** Passes on changes of REVERB_APPS_FILE. */
  watch(): void {
    this.stopWatching = this.loaded.applicationFile?.watch((_, content) => {
      this.applications = content;
      this.tell({ type: 'applications', content });
    });
  }

  /** Puts another configuration in the place of this one. */
  follow(loaded: LoadedConfiguration): void {
    this.stopWatching?.();
    this.loaded = loaded;
    this.applications = loaded.applicationFile?.content;
    this.tell({ type: 'configuration', ...this.current });
    this.watch();
  }
}
