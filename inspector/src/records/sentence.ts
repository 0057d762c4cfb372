import { countOf, formatBytes, formatDuration } from '../format/format.js';
import type { InspectorRecord, RecordKind } from '../contract.js';

const VIA = { http: 'over HTTP', code: 'by code', inspector: 'from the inspector' } as const;

function joined(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}

function channelsOf({ channels }: InspectorRecord): string {
  if (channels === undefined || channels.length === 0) {
    return '';
  }
  return channels.length === 1 ? (channels[0] ?? '') : countOf(channels.length, 'channel');
}

function afterwards({ durationMs }: InspectorRecord): string | undefined {
  return durationMs === undefined ? undefined : `after ${formatDuration(durationMs)}`;
}

function refusal(record: InspectorRecord, what: string): string {
  const channels = channelsOf(record);
  const subject = joined(what, channels !== '' && `on ${channels}`);
  const code = record.code === undefined ? '' : ` (${record.code})`;
  return `${subject}: ${record.reason ?? 'no reason was given'}${code}`;
}

function event(record: InspectorRecord, verb: string): string {
  const { bytes, via, batchSize, exceptSocketId } = record;
  const facts = [
    joined(verb, via === undefined ? undefined : VIA[via]),
    bytes === undefined ? '' : formatBytes(bytes),
    batchSize === undefined || batchSize < 2 ? '' : `in a batch of ${batchSize}`,
    exceptSocketId === undefined ? '' : `not to ${exceptSocketId}`,
    record.reason ?? '',
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

function webhook(record: InspectorRecord): string {
  const { events, url, durationMs, failures, retryInMs, code, reason } = record;
  const facts = [
    joined(
      reason ?? 'sent',
      events !== undefined && `· ${countOf(events, 'event')}`,
      url !== undefined && `to ${url}`,
      durationMs !== undefined && `in ${formatDuration(durationMs)}`,
      code !== undefined && `(${code})`,
    ),
    failures === undefined || failures === 0 ? '' : `failed ${countOf(failures, 'time')} before`,
    retryInMs === undefined ? '' : `tried again in ${formatDuration(retryInMs)}`,
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

const SENTENCES: Readonly<Record<RecordKind, (record: InspectorRecord) => string>> = {
  connected: ({ client, address }) =>
    joined('opened', client !== undefined && `with ${client}`, address && `from ${address}`),
  disconnected: (record) =>
    joined('closed', record.code?.toString(), record.reason, afterwards(record)),
  refused: (record) => refusal(record, 'refused'),
  'auth-failed': (record) => refusal(record, 'refused'),
  'rate-limited': (record) => refusal(record, 'limited'),
  'signed-in': ({ userId }) => joined('signed in', userId !== undefined && `as ${userId}`),
  subscribed: (record) =>
    joined(
      'subscribed to',
      channelsOf(record),
      record.userId !== undefined && `as ${record.userId}`,
    ),
  unsubscribed: (record) =>
    joined('left', channelsOf(record), record.reason && `· ${record.reason}`),
  published: (record) => event(record, 'published'),
  'client-event': (record) => event(record, 'sent by a client'),
  'cache-hit': (record) => joined('got the cached event of', channelsOf(record)),
  'cache-miss': (record) => joined('found no cached event on', channelsOf(record)),
  webhook,
  'slow-consumer': ({ bytes, reason }) =>
    [bytes === undefined ? '' : `${formatBytes(bytes)} unsent`, reason ?? '']
      .filter((fact) => fact !== '')
      .join(': '),
  redis: ({ reason }) => reason ?? 'changed',
  node: ({ reason }) => reason ?? 'changed',
  action: ({ by, action, reason }) =>
    joined(`${by ?? 'somebody'}:`, action ?? 'did something', reason && `· ${reason}`),
};

/** What happened, in one plain sentence without a full stop. */
export function sentenceOf(record: InspectorRecord): string {
  return SENTENCES[record.kind]?.(record) ?? record.reason ?? record.kind;
}
