import { eventually } from './eventually.js';
import type { ConnectTarget } from './pusher-client.js';
import { ServerProcess, type LaunchOptions } from './server-process.js';
import { plainRequest, signedRequest } from './signed-request.js';
import type { ApiResponse, ApiTarget, Json, SigningOptions } from './signed-request.js';

/** How long a silent node is believed to live; short, so that tests need not wait. */
export const LEASE_SECONDS = 3;
/** Long enough for a lease to end and a sweep to come by, on a busy machine. */
export const SWEEP_MS = 10_000;
/** Within this a node is right again after Redis trouble. */
export const RECOVERY_MS = 10_000;

/** A Redis of any kind, that says how a server finds it. */
export interface SharedRedis {
  readonly variables: Readonly<Record<string, string>>;
}

/** A server of a cluster, in a process of its own or in that of the test. */
export interface ClusterNode extends ConnectTarget, ApiTarget {
  readonly port: number;
  /** Code or signal it ended with. */
  readonly exit?: number | string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the code or signal it ended with. */
  ended(): Promise<number | string>;
}

/** How a cluster starts a node. */
export type StartNode<Node> = (options: Pick<LaunchOptions, 'variables'>) => Promise<Node>;

/** Servers that share one Redis. */
export class NodeCluster<Node extends ClusterNode = ServerProcess> {
  /** In the order they were started, the dead ones among them. */
  readonly nodes: Node[] = [];

  private constructor(
    private readonly redis: SharedRedis,
    private readonly variables: Readonly<Record<string, string | undefined>>,
    private readonly startNode: StartNode<Node>,
  ) {}

  /** Each node is a process of its own. Resolves once every one says that it can reach the others. */
  static start(
    count: number,
    redis: SharedRedis,
    variables: Readonly<Record<string, string | undefined>> = {},
  ): Promise<NodeCluster> {
    return NodeCluster.startWith(count, redis, variables, ServerProcess.start);
  }

  /**
   * The same, with nodes that live where `startNode` has them live: in the process of the test a node
   * costs a tenth, for a test that neither kills nor pauses one.
   */
  static async startWith<Node extends ClusterNode>(
    count: number,
    redis: SharedRedis,
    variables: Readonly<Record<string, string | undefined>>,
    startNode: StartNode<Node>,
  ): Promise<NodeCluster<Node>> {
    const cluster = new NodeCluster(redis, variables, startNode);
    await Promise.all(Array.from({ length: count }, () => cluster.add()));
    await cluster.untilUp();
    return cluster;
  }

  /** One more node. Resolves once it listens, whether it can reach the others or not. */
  add(variables: Readonly<Record<string, string | undefined>> = {}): Promise<Node> {
    return this.addWith(this.startNode, variables);
  }

  /** The same, with a node that lives where `startNode` has it live. */
  async addWith<Other extends Node>(
    startNode: StartNode<Other>,
    variables: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Other> {
    const node = await startNode({
      variables: {
        REVERB_SCALING_ENABLED: 'true',
        REVERB_SCALING_HEARTBEAT: '1',
        REVERB_SCALING_LEASE: String(LEASE_SECONDS),
        REVERB_SHUTDOWN_DRAIN: '0',
        ...this.redis.variables,
        ...this.variables,
        ...variables,
      },
    });
    this.nodes.push(node);
    return node;
  }

  /** Nodes that have not ended. */
  get running(): readonly Node[] {
    return this.nodes.filter(({ exit }) => exit === undefined);
  }

  /** Resolves once every node that has not ended says that it can reach the others. */
  untilUp(withinMs = RECOVERY_MS): Promise<void> {
    return this.untilScaling('up', withinMs);
  }

  /** Resolves once every node that has not ended says that it cannot reach the others. */
  untilDown(withinMs = RECOVERY_MS): Promise<void> {
    return this.untilScaling('down', withinMs);
  }

  /** Ends a node without giving it a chance to say so. */
  async kill(node: Node): Promise<void> {
    node.kill('SIGKILL');
    await node.ended();
  }

  /** The node does nothing any more, but its connections stay open. */
  pause(node: Node): void {
    node.kill('SIGSTOP');
  }

  resume(node: Node): void {
    node.kill('SIGCONT');
  }

  /** Has a node end in order, and resolves with its exit code. */
  stop(node: Node): Promise<number | string> {
    node.kill('SIGTERM');
    return node.ended();
  }

  /** Asks every running node the same, and resolves once all give this answer. */
  async untilAllAnswer(path: string, answer: Json, options: AskOptions = {}): Promise<void> {
    const { withinMs = RECOVERY_MS, ...signing } = options;
    const isSo = async (): Promise<void> => {
      for (const node of this.running) {
        const { status, json } = await signedRequest(node, 'GET', path, signing);
        expect({ path, status, json }).toEqual({ path, status: 200, json: answer });
      }
    };
    await eventually(isSo, { withinMs, everyMs: 50 });
  }

  private async untilScaling(status: 'up' | 'down', withinMs: number): Promise<void> {
    const isSo = async (node: Node): Promise<void> => {
      expect(await scalingStatusOf(node)).toBe(status);
    };
    await Promise.all(
      this.running.map((node) => eventually(() => isSo(node), { withinMs, everyMs: 25 })),
    );
  }
}

/** A signed question, and how long the right answer may take. */
export type AskOptions = SigningOptions & { withinMs?: number };

/** What a node says in its health of whether it can reach the others. */
export async function scalingStatusOf(node: Pick<ClusterNode, 'httpUrl'>): Promise<string> {
  const { json } = await readiness(node);
  return json?.details?.scaling?.status;
}

/** Asks `/health/ready`. */
export function readiness(node: Pick<ClusterNode, 'httpUrl'>): Promise<ApiResponse> {
  return plainRequest(node.httpUrl, 'GET', '/health/ready');
}
