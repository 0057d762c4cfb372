/** What nobody is told of names while Redis is away, and has to be said, or not, when it is back. Pure. */
export class UntoldNames {
  /** Held since then. */
  private readonly come = new Map<string, Set<string>>();
  /** Held before, and gone for longer than their graces. */
  private readonly gone = new Map<string, Set<string>>();

  /** A name is held. @param wasKnown it was in its grace */
  holds(appId: string, name: string, wasKnown: boolean): void {
    const wasGone = this.gone.get(appId)?.delete(name) === true;
    if (!wasKnown && !wasGone) add(this.come, appId, name);
  }

  /** A name is held no more. @returns whether nobody has to know that it was */
  releases(appId: string, name: string): boolean {
    return this.come.get(appId)?.delete(name) === true;
  }

  /** The grace of a name is over. */
  misses(appId: string, name: string): void {
    add(this.gone, appId, name);
  }

  /** Those that are gone. */
  missed(appId: string): Iterable<string> {
    return this.gone.get(appId) ?? [];
  }

  /** Redis is back. */
  clear(): void {
    this.come.clear();
    this.gone.clear();
  }
}

function add(names: Map<string, Set<string>>, appId: string, name: string): void {
  const known = names.get(appId);
  if (known === undefined) names.set(appId, new Set([name]));
  else known.add(name);
}
