import type { Awaitable } from '../scaling/awaitable.js';
import type { Broadcast, ClusterService } from '../scaling/cluster.service.js';
import { during, type EventTracer, type TraceSpan } from '../tracing/tracing.js';

/** Broadcasts a frame as part of a span, if that is recorded. @throws OverloadError when there is no room for it */
export function broadcastTraced(
  cluster: ClusterService,
  tracer: EventTracer | null,
  span: TraceSpan | undefined,
  appId: string,
  broadcast: Broadcast,
): Awaitable<void> {
  const { channel, frame, exceptSocketId } = broadcast;
  const part = span && tracer?.send(span, appId, channel);
  if (part === undefined) return cluster.broadcast(appId, channel, frame, exceptSocketId);
  return broadcastAs(part, cluster, appId, broadcast);
}

function broadcastAs(
  part: TraceSpan,
  cluster: ClusterService,
  appId: string,
  { channel, frame, exceptSocketId }: Broadcast,
): Awaitable<void> {
  const { traceparent } = part;
  return during(part, () => cluster.broadcast(appId, channel, frame, exceptSocketId, traceparent));
}
