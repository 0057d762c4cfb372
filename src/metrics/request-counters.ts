import { Injectable } from '@nestjs/common';
import { CodeCount } from '../connections/application-counters.js';

/** The answers of the HTTP API since the start, by route and status. */
@Injectable()
export class RequestCounters {
  private readonly routes = new Map<string, CodeCount>();

  /** @param route as it stands in the list of routes, not as a client writes it */
  of(route: string): CodeCount {
    let statuses = this.routes.get(route);
    if (statuses === undefined) this.routes.set(route, (statuses = new CodeCount()));
    return statuses;
  }

  [Symbol.iterator](): IterableIterator<[route: string, statuses: CodeCount]> {
    return this.routes.entries();
  }
}
