import { addConnection, ApplicationStates, removeConnection } from '../application-state.js';
import type { PlaceChange } from '../state-store.js';
import { UserGraces } from '../user-graces.js';

/** A node, as far as places go. */
export interface PlaceHolder {
  readonly nodeId: string;
  /** The places it holds, each with the connections it has here. */
  readonly applications: ApplicationStates;
  /** It leaves nothing any more: its places are vacant when it has been gone for a while. */
  readonly isHandedOver: boolean;
}

/** The places of all nodes. Each is occupied by the nodes that hold it. Every step is done when it returns. */
export class HubPlaces {
  private readonly applications = new ApplicationStates();
  private readonly graces = new UserGraces();
  private changes = 0;
  private isEnding = false;

  /** @param tell called with what changed without a call */
  constructor(private readonly tell: (change: PlaceChange) => void) {}

  /** See StateStore. */
  occupy(
    { nodeId, applications }: PlaceHolder,
    appId: string,
    place: string,
    socketId: string,
  ): PlaceChange | undefined {
    addConnection(applications.get(appId).places, place, socketId);
    if (!addConnection(this.placesOf(appId), place, nodeId)) return undefined;
    if (this.graces.callOff(appId, place)) return undefined;
    return this.changeOf(appId, place, true);
  }

  /** See StateStore. */
  vacate(
    { nodeId, applications, isHandedOver }: PlaceHolder,
    appId: string,
    place: string,
    socketId: string,
    graceMs: number,
  ): void {
    if (isHandedOver && !this.isEnding) return;
    if (!removeConnection(applications.get(appId).places, place, socketId)) return;
    if (!removeConnection(this.placesOf(appId), place, nodeId)) return;
    const tell = () => this.tell(this.changeOf(appId, place, false));
    if (this.isEnding) tell();
    else this.graces.begin(appId, place, graceMs, tell);
  }

  /** A node is gone, and is missed now: what it alone held is vacant. */
  drop({ nodeId, applications }: PlaceHolder): void {
    for (const [appId, { places }] of applications.entries()) {
      for (const place of places.keys()) {
        if (!removeConnection(this.placesOf(appId), place, nodeId)) continue;
        this.tell(this.changeOf(appId, place, false));
      }
    }
  }

  /** All nodes are about to stop. What is left from now on is left at once, as nobody could say so later. */
  expectEnd(): void {
    this.isEnding = true;
    this.graces.endAll();
  }

  /** Nobody is told of anything any more. */
  close(): void {
    this.graces.clear();
  }

  private placesOf(appId: string): Map<string, Set<string>> {
    return this.applications.get(appId).places;
  }

  private changeOf(appId: string, place: string, isOccupied: boolean): PlaceChange {
    return { appId, place, isOccupied, version: ++this.changes };
  }
}
