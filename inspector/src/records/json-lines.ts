import type { KeptRecord } from './record-store.js';

/** Records as JSON lines, in the order given: each with its node, and the parts of its trace if any. */
export function jsonLinesOf(records: readonly KeptRecord[]): string {
  return records
    .map(({ nodeId, record, trace }) => {
      const parts = trace?.parts.map(({ nodeId: node, part }) => ({ nodeId: node, ...part })) ?? [];
      return `${JSON.stringify({ nodeId, ...record, ...(parts.length > 0 && { trace: parts }) })}\n`;
    })
    .join('');
}
