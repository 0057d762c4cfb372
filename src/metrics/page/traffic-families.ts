import {
  OTHER_CODE,
  type ApplicationCounters,
  type CodeCount,
} from '../../connections/application-counters.js';
import type { ConnectionRegistry } from '../../connections/connection.registry.js';
import type { TrafficCounters } from '../../connections/traffic-counters.js';
import type { RequestCounters } from '../request-counters.js';
import { counter, gauge, type MetricFamily, type Sample } from './metric-family.js';

/** What clients and backends of each application do. */
export function trafficFamilies(
  traffic: TrafficCounters,
  connections: ConnectionRegistry,
  requests: RequestCounters,
): readonly MetricFamily[] {
  const each = (read: (counters: ApplicationCounters, appId: string) => Iterable<Sample>) =>
    samplesOfAll(traffic, read);
  return [
    gauge('revurb_connections', 'Open connections.', ['app_id'], () =>
      each((_, appId) => [[connections.sizeOf(appId)]]),
    ),
    counter('revurb_connections_opened_total', 'Connections that were admitted.', ['app_id'], () =>
      each(({ connectionsOpened }) => [[connectionsOpened]]),
    ),
    counter(
      'revurb_connections_closed_total',
      'Connections that ended, by WebSocket close code.',
      ['app_id', 'code'],
      () => each(({ closed }) => samplesOfCodes(closed)),
    ),
    counter(
      'revurb_connections_refused_total',
      'Connections that were not admitted, by the code they were told.',
      ['code'],
      () => samplesOfCodes(traffic.refusedConnections),
    ),
    counter(
      'revurb_slow_consumers_closed_total',
      'Connections closed because they did not read what was sent to them.',
      ['app_id'],
      () => each(({ slowConsumers }) => [[slowConsumers]]),
    ),
    counter(
      'revurb_messages_received_total',
      'Messages of clients, by what they ask for.',
      ['app_id', 'kind'],
      () => each(({ received }) => samplesOf(received, ({ messages }) => messages)),
    ),
    counter(
      'revurb_received_bytes_total',
      'Bytes of the messages of clients.',
      ['app_id', 'kind'],
      () => each(({ received }) => samplesOf(received, ({ bytes }) => bytes)),
    ),
    counter(
      'revurb_messages_refused_total',
      'Messages of clients that were refused, by the code they were told.',
      ['app_id', 'code'],
      () => each(({ refused }) => samplesOfCodes(refused)),
    ),
    counter(
      'revurb_rate_limited_total',
      'What was refused because of a rate limit.',
      ['app_id', 'limit'],
      () => each(({ limited }) => samplesOf(limited, (count) => count)),
    ),
    counter(
      'revurb_address_limited_total',
      'What was refused because of a limit of client addresses.',
      ['limit'],
      () => samplesOf(traffic.addressLimited, (count) => count),
    ),
    counter(
      'revurb_events_published_total',
      'Events of backends that were taken on this node.',
      ['app_id'],
      () => each(({ published }) => [[published.messages]]),
    ),
    counter('revurb_published_bytes_total', 'Bytes of the data of these events.', ['app_id'], () =>
      each(({ published }) => [[published.bytes]]),
    ),
    counter(
      'revurb_http_requests_total',
      'Requests of the HTTP API that were answered.',
      ['route', 'status'],
      () => samplesOfRequests(requests),
    ),
  ];
}

function* samplesOfAll(
  traffic: TrafficCounters,
  read: (counters: ApplicationCounters, appId: string) => Iterable<Sample>,
): IterableIterator<Sample> {
  for (const [appId, counters] of traffic) {
    for (const [value, ...labels] of read(counters, appId)) yield [value, appId, ...labels];
  }
}

function* samplesOf<T>(
  byKind: Readonly<Record<string, T>>,
  valueOf: (counted: T) => number,
): IterableIterator<Sample> {
  for (const [kind, counted] of Object.entries(byKind)) yield [valueOf(counted), kind];
}

function* samplesOfCodes(codes: CodeCount): IterableIterator<Sample> {
  for (const [code, count] of codes) yield [count, code === OTHER_CODE ? 'other' : String(code)];
}

function* samplesOfRequests(requests: RequestCounters): IterableIterator<Sample> {
  for (const [route, statuses] of requests) {
    for (const [status, count] of statuses) yield [count, route, String(status)];
  }
}
