import {
  jetstream,
  JetStreamApiError,
  StorageType,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { Kvm, type KV, type KvEntry } from '@nats-io/kv';
import { LinkDownError, type NatsLink } from '../nats-link.js';
import { inChunks } from './in-chunks.js';

/** What stands under a key. */
export interface StoredEntry {
  readonly key: string;
  /** Undefined when there is but the mark of something that was deleted. */
  readonly json: unknown;
  /** Where it stands among everything that was ever written to the bucket. */
  readonly revision: number;
  /** By the clock of the server. */
  readonly writtenMs: number;
}

/** A value that does not fit into one message of NATS. */
export class EntryTooLargeError extends Error {}

const REQUEST_MS = 1500;
/** Somebody else wrote meanwhile, or removed what was to be replaced or removed. */
const CONFLICTS: ReadonlySet<number> = new Set([10_071, 10_164, 10_043, 10_037]);
/** Part of a message that a value may fill: there are headers, too. */
const USABLE_PART = 0.95;

/** A key-value bucket of JetStream. Everything rejects at once when NATS goes out of reach. */
export class Bucket {
  private opened: { readonly values: KV; readonly manager: JetStreamManager } | undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly name: string,
  ) {
    link.onDown(() => (this.opened = undefined));
  }

  /** Makes the bucket if it is not there. In memory: nodes say again what was lost. */
  async open(): Promise<void> {
    const client = jetstream(this.link.connection, { timeout: REQUEST_MS });
    const { replicas } = this.link;
    const options = { history: 1, storage: StorageType.Memory, replicas, allow_direct: false };
    const manager = await this.link.during(client.jetstreamManager());
    this.opened = {
      manager,
      values: await this.link.during(new Kvm(client).create(this.name, options)),
    };
  }

  async get(key: string): Promise<StoredEntry | undefined> {
    const entry = await this.link.during(this.values.get(key));
    return entry === null ? undefined : storedEntry(entry);
  }

  /**
   * Writes what stands under a key.
   * @param revision what has to be there until then; 0 is nothing
   * @returns the new revision; undefined when somebody else was faster
   * @throws EntryTooLargeError when NATS does not take that much
   */
  async put(key: string, json: unknown, revision: number): Promise<number | undefined> {
    const bytes = Buffer.from(JSON.stringify(json));
    if (bytes.length > this.link.maxPayload * USABLE_PART) {
      throw new EntryTooLargeError(`${key} would have ${bytes.length} bytes, too much for NATS`);
    }
    return unlessConflict(this.link.during(this.values.put(key, bytes, { previousSeq: revision })));
  }

  /**
   * Removes what was written with a revision, for good: what is deleted the usual way leaves a marker.
   * @returns whether it was still there
   */
  async remove(revision: number): Promise<boolean> {
    const { streams } = this.manager;
    const removed = this.link.during(streams.deleteMessage(`KV_${this.name}`, revision, false));
    return (await unlessConflict(removed)) !== undefined;
  }

  /**
   * Reads everything under the beginning of a key, each entry by itself: a consumer, which NATS would
   * rather have, waits for seconds when something that it has yet to deliver is written anew.
   */
  async list(under: string): Promise<readonly StoredEntry[]> {
    const keys = await this.keys(under);
    const entries = await inChunks(keys, (key) => this.get(key));
    return entries.filter((entry) => entry?.json !== undefined) as StoredEntry[];
  }

  private async keys(under: string): Promise<readonly string[]> {
    const prefix = `$KV.${this.name}.`;
    const query = { subjects_filter: `${prefix}${under}.>` };
    const info = await this.link.during(this.manager.streams.info(`KV_${this.name}`, query));
    return Object.keys(info.state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  }

  private get values(): KV {
    return this.parts.values;
  }

  private get manager(): JetStreamManager {
    return this.parts.manager;
  }

  private get parts() {
    if (this.opened === undefined) throw new LinkDownError('NATS is out of reach.');
    return this.opened;
  }
}

const storedEntry = (entry: KvEntry): StoredEntry => ({
  key: entry.key,
  revision: entry.revision,
  writtenMs: entry.created.getTime(),
  json: entry.operation === 'PUT' ? entry.json() : undefined,
});

async function unlessConflict<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof JetStreamApiError && CONFLICTS.has(error.code)) return undefined;
    throw error;
  }
}
