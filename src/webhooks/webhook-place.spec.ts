import * as fc from 'fast-check';
import { placeEvent, readPlace, writePlace, type WebhookPlace } from './webhook-place.js';

const channel = fc.stringMatching(/^[-a-zA-Z0-9_=@,.;]{1,200}$/);
const userId = fc.string({ unit: 'binary', maxLength: 128 });
const place: fc.Arbitrary<WebhookPlace> = fc.oneof(
  fc.record({ kind: fc.constant('channel' as const), channel }),
  fc.record({ kind: fc.constant('member' as const), channel, userId }),
  fc.record({ kind: fc.constant('user' as const), userId }),
);

describe('A place', () => {
  it('is read as it was written, whatever users are called', () => {
    const property = fc.property(place, (each) => {
      expect(readPlace(writePlace(each))).toEqual(each);
    });
    fc.assert(property);
  });

  it('is never written like another one', () => {
    const property = fc.property(place, place, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      expect(writePlace(one) === writePlace(other)).toBe(isSame);
    });
    fc.assert(property);
  });

  it.each(['', 'channel', 'street a', 'member', 'member a', 'Channel a', ' channel a'])(
    'is not %j',
    (text) => expect(readPlace(text)).toBeUndefined(),
  );
});

describe('The events of a place', () => {
  it.each<[WebhookPlace, object, object]>([
    [
      { kind: 'channel', channel: 'a' },
      { name: 'channel_occupied', channel: 'a' },
      { name: 'channel_vacated', channel: 'a' },
    ],
    [
      { kind: 'member', channel: 'presence-a', userId: '1 "x"' },
      { name: 'member_added', channel: 'presence-a', user_id: '1 "x"' },
      { name: 'member_removed', channel: 'presence-a', user_id: '1 "x"' },
    ],
    [
      { kind: 'user', userId: '1' },
      { name: 'user_online', user_id: '1' },
      { name: 'user_offline', user_id: '1' },
    ],
  ])('%j', (of, occupied, vacated) => {
    const read = (isOccupied: boolean) => {
      const { type, event } = placeEvent(of, isOccupied);
      const json = JSON.parse(event) as { name: string };
      expect(json.name).toBe(type);
      return json;
    };
    expect([read(true), read(false)]).toEqual([occupied, vacated]);
  });
});
