import { performance } from 'node:perf_hooks';
import { idOf, NUMBERED, type Numbered } from './cluster-ear.js';
import type { Landscape } from './cluster-faults.js';
import type { Publication } from './cluster-model.js';
import type { Visitor } from './cluster-visitor.js';
import type { ServerProcess } from './server-process.js';
import {
  signedRequest,
  type ApiResponse,
  type SigningOptions,
  type TransportOptions,
} from './signed-request.js';

/** No request to a node that is awake takes longer, whatever happens to Redis. */
const DEADLINE_MS = 2_500;
/** Longer than any node sleeps. */
const PATIENCE_MS = 15_000;

/** Speaks HTTP to a cluster to which things happen, and keeps what it was told. */
export class Traffic {
  /** Ids of what was refused. */
  readonly refused = new Set<string>();
  private readonly accepted: LocalPublication[] = [];
  private readonly numbers = new Map<string, number>();
  requests = 0;
  slowestMs = 0;

  constructor(private readonly landscape: Landscape) {}

  /**
   * Asks a node that may be about to end.
   * @returns the answer, undefined if the node ended
   * @throws Error when it takes too long, or is neither 200 nor 503
   */
  async ask(
    node: ServerProcess,
    method: 'GET' | 'POST',
    path: string,
    options: SigningOptions & TransportOptions = {},
  ): Promise<ApiResponse | undefined> {
    const beganMs = performance.now();
    const all = { timeoutMs: PATIENCE_MS, ...options };
    const who = `Port ${node.port}, ${method} ${path}`;
    const response = await signedRequest(node, method, path, all).catch((error: Error) => {
      if (this.landscape.isDoomed(node)) return undefined;
      throw new Error(`${who}: ${error.message}`, { cause: error });
    });
    if (response === undefined) return undefined;
    const tookMs = performance.now() - beganMs;
    this.requests += 1;
    if (!this.landscape.sleptSince(node, beganMs)) {
      this.slowestMs = Math.max(this.slowestMs, tookMs);
      if (tookMs > DEADLINE_MS) throw new Error(`${who} took ${Math.round(tookMs)} ms.`);
    }
    if (response.status === 200 || response.status === 503) return response;
    throw new Error(`${who}: ${response.status} ${response.text}`);
  }

  /** Publishes, in one request, the next numbers of a publisher, one to each channel. */
  async publish(
    node: ServerProcess,
    publisher: string,
    channels: readonly string[],
  ): Promise<ApiResponse | undefined> {
    const items = channels.map((channel) => ({ channel, numbered: this.next(publisher, node) }));
    const events = items.map(({ channel, numbered }) => ({
      name: NUMBERED,
      channel,
      data: JSON.stringify(numbered),
    }));
    const [path, body] =
      events.length === 1 ? ['events', events[0]] : ['batch_events', { batch: events }];
    const beganMs = performance.now();
    const response = await this.ask(node, 'POST', path as string, { body });
    const endedMs = performance.now();
    for (const { channel, numbered } of items) {
      const id = idOf(numbered);
      if (response?.status === 503) this.refused.add(id);
      if (response?.status !== 200) continue;
      this.accepted.push({ id, channel, beganMs, endedMs, node, number: numbered.number });
    }
    return response;
  }

  /** Each publisher counts; to each node it is another one, as nodes may be behind one another. */
  private next(publisher: string, { port }: ServerProcess): Numbered {
    const number = (this.numbers.get(publisher) ?? 0) + 1;
    this.numbers.set(publisher, number);
    return { publisher: `${publisher}@${port}`, number };
  }

  /** What was accepted last for a channel, since the last {@link takeAccepted}. */
  lastAccepted(channel: string): LocalPublication | undefined {
    return this.accepted.findLast((publication) => publication.channel === channel);
  }

  /** Takes what was accepted since the last call. */
  takeAccepted(): readonly LocalPublication[] {
    return this.accepted.splice(0);
  }
}

/** Something published on a node, and accepted. */
export interface LocalPublication extends Publication {
  readonly number: number;
  readonly node: ServerProcess;
}

/** What a visitor did not hear. */
export interface Miss {
  readonly visitor: Visitor;
  readonly publication: LocalPublication;
}

/** What visitors missed who have been subscribed since before it was published. */
export function missedBy(
  visitors: readonly Visitor[],
  accepted: readonly LocalPublication[],
): Miss[] {
  return visitors.flatMap((visitor) =>
    [...visitor.ear.all].flatMap(({ channel, events, currentStay }) => {
      const heard = new Set(events);
      const missed = accepted.filter(
        (publication) =>
          publication.channel === channel &&
          (currentStay?.sinceMs ?? Infinity) < publication.beganMs &&
          !heard.has(publication.id),
      );
      return missed.map((publication) => ({ visitor, publication }));
    }),
  );
}

/** For the reader of a failed test. */
export const describeMiss = ({ visitor, publication }: Miss): string =>
  `${visitor.name} at port ${visitor.node?.port} missed ${publication.id} in ${publication.channel}`;

/** What visitors heard although it was refused. */
export function refusedButHeard(
  visitors: readonly Visitor[],
  refused: ReadonlySet<string>,
): string[] {
  return visitors.flatMap(({ name, ear }) =>
    [...ear.all]
      .flatMap(({ events }) => events.filter((id) => refused.has(id)))
      .map((id) => `${name} got ${id}`),
  );
}
