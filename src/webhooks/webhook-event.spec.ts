import { clientEvent, subscriptionCountEvent } from './webhook-event.js';

describe('A client event', () => {
  const sent = { channel: 'private-a', event: 'client-x', socketId: '1.2', userId: undefined };
  const read = (data: unknown, userId?: string) =>
    JSON.parse(clientEvent({ ...sent, userId, data })) as Record<string, unknown>;

  it.each([
    ['text', 'text'],
    ['', ''],
    ['{"a":1}', '{"a":1}'],
    [{ a: [1, 'ä'] }, '{"a":[1,"ä"]}'],
    [0, '0'],
    [null, 'null'],
    [false, 'false'],
  ])('with the data %j has %j', (data, expected) =>
    expect(read(data)).toEqual({
      name: 'client_event',
      channel: 'private-a',
      event: 'client-x',
      data: expected,
      socket_id: '1.2',
    }),
  );

  it('has no data if none was sent', () => expect(read(undefined)).not.toHaveProperty('data'));

  it('has the user of a presence channel', () =>
    expect(read('x', '7')).toMatchObject({ user_id: '7' }));
});

describe('A count of subscriptions', () => {
  it('is a number', () =>
    expect(JSON.parse(subscriptionCountEvent('a', 3))).toEqual({
      name: 'subscription_count',
      channel: 'a',
      subscription_count: 3,
    }));
});
