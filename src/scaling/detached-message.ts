import type { ClusterMessage } from './cluster-message.js';

/**
 * What came with other messages is a view of the memory that all of them came in, and one slow reader of
 * a small frame would keep alive all of it.
 * @returns the message, with memory of its own where that matters
 */
export function detachMessage(message: ClusterMessage): ClusterMessage {
  if (message.type !== 'frame') return message;
  const { frame } = message;
  const isWasteful =
    frame.buffer.byteLength > Buffer.poolSize && frame.buffer.byteLength > 2 * frame.length;
  return isWasteful ? { ...message, frame: Buffer.from(frame) } : message;
}
