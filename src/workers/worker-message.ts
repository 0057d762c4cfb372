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

/** The worker is to drain and exit; it does so once, however often it is told. */
export interface StopMessage {
  readonly type: 'stop';
  /** The others go on: leave newcomers to them. When all stop, newcomers are told so. */
  readonly isAlone: boolean;
}

/** What a supervisor says to a worker. */
export type SupervisorMessage = WorkerAssignment | ApplicationsMessage | StopMessage;

/**
 * What a worker says to its supervisor: that it hears, where it listens, why it cannot start and wants
 * to be ended, why it is about to go.
 */
export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'fault'; readonly reason: string }
  | { readonly type: 'stopping'; readonly reason: string };
