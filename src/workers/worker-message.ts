import type { RawEnvironment } from '../config/validate-environment.js';
import type { WorkerBusAddress } from '../scaling/workers/worker-bus-address.js';

/** All that a worker is told when it starts. Holds secrets, so it goes over the channel and is never an argument. */
export interface WorkerAssignment {
  readonly type: 'assignment';
  /** From 1; whoever takes the place of a worker has its number. */
  readonly number: number;
  /** How many workers there are. */
  readonly count: number;
  /** What the supervisor read and checked; the worker reads nothing else. */
  readonly environment: RawEnvironment;
  /** What stands in REVERB_APPS_FILE. */
  readonly applications?: string | undefined;
  /** Where the workers meet; absent when they are nodes of a larger cluster. */
  readonly bus?: WorkerBusAddress | undefined;
}

/** REVERB_APPS_FILE has changed, and is good. */
export interface ApplicationsMessage {
  readonly type: 'applications';
  readonly content: string;
}

/** The configuration was read again, and is good. */
export interface ConfigurationMessage extends Pick<
  WorkerAssignment,
  'environment' | 'applications'
> {
  readonly type: 'configuration';
}

/** The worker is to drain and exit; it does so once, however often it is told. */
export interface StopMessage {
  readonly type: 'stop';
  /** The others go on: leave newcomers to them. When all stop, newcomers are told so. */
  readonly isAlone: boolean;
}

/** Another worker wants the metrics page of this one. */
export interface PageWantedMessage {
  readonly type: 'page-wanted';
  readonly askId: number;
}

/** The metrics pages of the other workers, of those that answered in time. */
export interface PagesMessage {
  readonly type: 'pages';
  /** Repeats that of the question. */
  readonly askId: number;
  readonly pages: readonly string[];
}

/** What a supervisor says to a worker. */
export type SupervisorMessage =
  | WorkerAssignment
  | ApplicationsMessage
  | ConfigurationMessage
  | StopMessage
  | PageWantedMessage
  | PagesMessage;

/**
 * What a worker says to its supervisor: that it hears, where it listens, why it cannot start and wants
 * to be ended, why it is about to go; that it wants the metrics pages of the others, and its own.
 */
export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'fault'; readonly reason: string }
  | { readonly type: 'stopping'; readonly reason: string }
  | { readonly type: 'pages-wanted'; readonly askId: number }
  | { readonly type: 'page'; readonly askId: number; readonly page: string };
