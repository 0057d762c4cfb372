import { isAmount, isCount, isObject, isText } from '../scaling/json-value.js';

/** What a node tells of itself. */
export interface NodeFigures {
  readonly nodeId: string;
  /** Of the server. */
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Open connections, of all applications. */
  readonly connections: number;
  /** Messages from clients since the start. */
  readonly messagesReceived: number;
  /** Events taken from backends on this node since the start. */
  readonly eventsPublished: number;
  /** Connections closed because they did not read. */
  readonly slowConsumers: number;
  /** Resident memory. */
  readonly memoryBytes: number;
}

/** What a node knows of itself besides its name. */
export type OwnFigures = Omit<NodeFigures, 'nodeId'>;

/**
 * Reads the figures of a node from what it answered. Fields that are unknown here are left out.
 * @returns undefined unless every one is there and is what it has to be
 */
export function readNodeFigures(nodeId: string, content: unknown): NodeFigures | undefined {
  if (!isObject(content)) return undefined;
  const { version, uptimeSeconds, connections, memoryBytes } = content;
  const { messagesReceived, eventsPublished, slowConsumers } = content;
  if (!isText(version) || !isAmount(uptimeSeconds)) return undefined;
  if (!isCount(connections) || !isCount(messagesReceived)) return undefined;
  if (!isCount(eventsPublished) || !isCount(slowConsumers) || !isCount(memoryBytes)) {
    return undefined;
  }
  return {
    nodeId,
    version,
    uptimeSeconds,
    connections,
    messagesReceived,
    eventsPublished,
    slowConsumers,
    memoryBytes,
  };
}
