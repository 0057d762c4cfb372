import { Injectable } from '@nestjs/common';
import { ApplicationCounters, CodeCount } from './application-counters.js';

/** The counters of all applications that had something to do on this node. They are never forgotten: what is counted only grows. */
@Injectable()
export class TrafficCounters {
  private readonly applications = new Map<string, ApplicationCounters>();
  /** Connections that were refused, by the code; who they wanted to talk to may not exist. */
  readonly refusedConnections = new CodeCount();
  /** What was refused because of the limits of client addresses. */
  readonly addressLimited = { connections: 0, authentications: 0 };

  of(appId: string): ApplicationCounters {
    let counters = this.applications.get(appId);
    if (counters === undefined) {
      counters = new ApplicationCounters();
      this.applications.set(appId, counters);
    }
    return counters;
  }

  [Symbol.iterator](): IterableIterator<[appId: string, counters: ApplicationCounters]> {
    return this.applications.entries();
  }
}
