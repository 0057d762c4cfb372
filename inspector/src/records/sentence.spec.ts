import type { InspectorRecord, RecordKind } from '../contract.js';
import { KIND_GROUPS, KIND_LOOKS } from './kinds.js';
import { sentenceOf } from './sentence.js';

function said(kind: RecordKind, fields: Partial<InspectorRecord> = {}): string {
  return sentenceOf({ id: 1, atMs: 0, kind, ...fields }).replaceAll('\u202f', ' ');
}

describe('a record is told in one plain sentence', () => {
  it.each<[RecordKind, Partial<InspectorRecord>, string]>([
    ['connected', { client: 'pusher-js 8', address: '::1' }, 'opened with pusher-js 8 from ::1'],
    [
      'disconnected',
      { code: 4009, reason: 'Connection is unauthorized', durationMs: 12_000 },
      'closed 4009 Connection is unauthorized after 12 s',
    ],
    [
      'auth-failed',
      { channels: ['private-x'], reason: 'The signature is wrong' },
      'refused on private-x: The signature is wrong',
    ],
    ['refused', { code: 4004 }, 'refused: no reason was given (4004)'],
    ['rate-limited', { reason: 'Too many', code: 4301 }, 'limited: Too many (4301)'],
    ['signed-in', { userId: '7' }, 'signed in as 7'],
    ['subscribed', { channels: ['presence-x'], userId: '7' }, 'subscribed to presence-x as 7'],
    ['unsubscribed', { channels: ['x'] }, 'left x'],
    [
      'published',
      { via: 'http', bytes: 10, batchSize: 3, exceptSocketId: '1.2', channels: ['a', 'b'] },
      'published over HTTP, 10 B, in a batch of 3, not to 1.2',
    ],
    ['client-event', { bytes: 2 }, 'sent by a client, 2 B'],
    ['cache-hit', { channels: ['cache-x'] }, 'got the cached event of cache-x'],
    ['cache-miss', { channels: ['cache-x'] }, 'found no cached event on cache-x'],
    [
      'webhook',
      { reason: 'answered 500', events: 2, url: 'http://a/', failures: 1, retryInMs: 4000 },
      'answered 500 · 2 events to http://a/, failed 1 time before, tried again in 4 s',
    ],
    ['slow-consumer', { bytes: 2048, reason: 'closed' }, '2 KiB unsent: closed'],
    ['redis', { reason: 'was lost' }, 'was lost'],
    ['node', {}, 'changed'],
    ['action', { by: 'Ada', action: 'published' }, 'Ada: published'],
  ])('%s', (kind, fields, sentence) => expect(said(kind, fields)).toBe(sentence));

  it('even when nothing is known of it', () => {
    const kinds = Object.keys(KIND_LOOKS) as RecordKind[];
    for (const kind of kinds) {
      expect(said(kind)).toMatch(/^(?!.*undefined)/);
    }
  });

  it('and of a kind that this page does not know', () => {
    expect(said('of-tomorrow' as RecordKind, { reason: 'why' })).toBe('why');
  });
});

describe('every kind can be filtered by', () => {
  it('in one group', () => {
    const grouped = KIND_GROUPS.flatMap(({ kinds }) => kinds);
    expect(grouped.toSorted()).toEqual(Object.keys(KIND_LOOKS).toSorted());
  });
});
