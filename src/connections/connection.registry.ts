import { Injectable } from '@nestjs/common';
import type { Application } from '../applications/application.js';
import { ApplicationProvider } from '../applications/application-provider.js';
import type { ApplicationScope, Connection } from './connection.js';
import { TrafficCounters } from './traffic-counters.js';

/** All connections of this node, by application and socket id. */
@Injectable()
export class ConnectionRegistry {
  private readonly scopes = new Map<string, ApplicationScope>();
  private total = 0;
  private tellRefreshed: (application: Application, former: Application) => void = () => undefined;
  /** Connections that were closed, refused ones too, and wait for their peer: no longer among the others. */
  readonly closing = new Set<Connection>();

  constructor(
    applications: ApplicationProvider,
    private readonly traffic: TrafficCounters,
  ) {
    applications.onChange((application) => this.refresh(application));
  }

  get size(): number {
    return this.total;
  }

  /** Counts a connection in as one of the application's. */
  add(connection: Connection, application: Application): void {
    let scope = this.scopes.get(application.id);
    if (scope === undefined) {
      scope = { application, connections: new Map(), counters: this.traffic.of(application.id) };
      this.scopes.set(application.id, scope);
    }
    scope.application = application;
    scope.connections.set(connection.socketId, connection);
    connection.scope = scope;
    scope.counters.connectionsOpened++;
    this.total++;
  }

  remove(connection: Connection): void {
    const { scope } = connection;
    if (scope === undefined || !scope.connections.delete(connection.socketId)) return;
    this.total--;
    if (scope.connections.size === 0) this.scopes.delete(scope.application.id);
  }

  find(appId: string, socketId: string): Connection | undefined {
    return this.scopes.get(appId)?.connections.get(socketId);
  }

  /** The connections of one application. */
  of(appId: string): Iterable<Connection> {
    return this.scopes.get(appId)?.connections.values() ?? [];
  }

  /** How many connections an application has. */
  sizeOf(appId: string): number {
    return this.scopes.get(appId)?.connections.size ?? 0;
  }

  /** Every connection. It may be removed while it is being looked at. */
  *[Symbol.iterator](): IterableIterator<Connection> {
    for (const scope of this.scopes.values()) yield* scope.connections.values();
  }

  /** Sets who is told when the connections of an application, some of which are here, got new settings. */
  onRefreshed(listener: (application: Application, former: Application) => void): void {
    this.tellRefreshed = listener;
  }

  private refresh(application: Application): void {
    const scope = this.scopes.get(application.id);
    if (scope === undefined) return;
    const former = scope.application;
    scope.application = application;
    this.tellRefreshed(application, former);
  }
}
