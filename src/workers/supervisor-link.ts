import cluster from 'node:cluster';
import { onReloadSignal, onStopSignal } from '../process-events.js';
import type {
  ApplicationsMessage,
  ConfigurationMessage,
  PagesMessage,
  PageWantedMessage,
  StopMessage,
  SupervisorMessage,
  WorkerAssignment,
  WorkerMessage,
} from './worker-message.js';

/** What a worker is told after its assignment. */
export interface SupervisorListeners {
  onApplications(message: ApplicationsMessage): void;
  onConfiguration(message: ConfigurationMessage): void;
  onStop(message: StopMessage): void;
  onPageWanted(message: PageWantedMessage): void;
  onPages(message: PagesMessage): void;
  /** A signal that means to stop, for this process alone or for all. */
  onSignal(signal: NodeJS.Signals): void;
  /** The supervisor is gone, and with it the socket that newcomers connect to. */
  onOrphaned(): void;
}

const exit = () => process.exit(0);

/** A worker's side of the channel to its supervisor. As long as nobody listens, to be told to stop ends the process. */
export class SupervisorLink {
  /** What stands in REVERB_APPS_FILE now, if it has changed since the assignment. */
  changedApplications: string | undefined;
  /** The configuration that was read again last, if it was since the assignment. */
  changedConfiguration: ConfigurationMessage | undefined;
  /** What this worker is to do. */
  readonly assignment: Promise<WorkerAssignment>;
  private listeners: SupervisorListeners = {
    onApplications: () => undefined,
    onConfiguration: () => undefined,
    onStop: exit,
    onPageWanted: () => undefined,
    onPages: () => undefined,
    onSignal: exit,
    onOrphaned: exit,
  };

  constructor() {
    this.assignment = new Promise((resolve) => {
      process.on('message', (message: SupervisorMessage) => this.receive(message, resolve));
    });
    cluster.worker!.on('disconnect', () => {
      // Node would end the process at once.
      cluster.worker!.exitedAfterDisconnect = true;
      this.listeners.onOrphaned();
    });
    // Of what is sent to a supervisor that is dead, before its end is noticed.
    cluster.worker!.on('error', () => undefined);
    onStopSignal((signal) => this.listeners.onSignal(signal));
    // These are for the supervisor. When the whole group gets them, they must not end the workers.
    process.on('SIGUSR2', () => undefined);
    onReloadSignal(() => undefined);
    void this.tell({ type: 'ready' });
  }

  /** Says who is told. Each kind has one listener. */
  listen(listeners: Partial<SupervisorListeners>): void {
    this.listeners = { ...this.listeners, ...listeners };
  }

  /** Resolves when it is on its way, or when there is nobody any more to tell. */
  tell(message: WorkerMessage): Promise<void> {
    return new Promise((resolve) => {
      if (process.connected) process.send!(message, undefined, undefined, () => resolve());
      else resolve();
    });
  }

  private receive(message: SupervisorMessage, onAssigned: (told: WorkerAssignment) => void): void {
    switch (message.type) {
      case 'assignment':
        return onAssigned(message);
      case 'applications':
        this.changedApplications = message.content;
        return this.listeners.onApplications(message);
      case 'configuration':
        this.changedApplications = message.applications;
        this.changedConfiguration = message;
        return this.listeners.onConfiguration(message);
      case 'stop':
        return this.listeners.onStop(message);
      case 'page-wanted':
        return this.listeners.onPageWanted(message);
      case 'pages':
        return this.listeners.onPages(message);
    }
  }
}
