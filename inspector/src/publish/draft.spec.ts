import { channelNamesOf, eventsOf, faultsOf, refusalOf, type EventDraft } from './draft.js';

const GOOD: EventDraft = {
  name: ' order.shipped ',
  channels: 'news  private-orders.7\nnews',
  data: '{"id":7}',
  socketId: '',
};

describe('an event that is typed', () => {
  it('goes to every channel once', () =>
    expect(channelNamesOf(GOOD.channels)).toEqual(['news', 'private-orders.7']));

  it('is sent as it was meant', () => {
    const event = {
      name: 'order.shipped',
      channels: ['news', 'private-orders.7'],
      data: '{"id":7}',
    };
    expect(eventsOf([GOOD, { ...GOOD, socketId: ' 1.2 ' }])).toEqual({
      events: [event, { ...event, socket_id: '1.2' }],
    });
  });

  it.each([
    [' "a text" ', 'a text'],
    ['\n[12345678901234567890] ', '[12345678901234567890]'],
    ['1', '1'],
  ])('%j is sent as %j', (data, sent) =>
    expect(eventsOf([{ ...GOOD, data }]).events[0]?.data).toBe(sent),
  );

  it('has no fault when it is good', () => expect(faultsOf(GOOD)).toEqual({}));

  it.each<[Partial<EventDraft>, keyof EventDraft]>([
    [{ name: '  ' }, 'name'],
    [{ channels: ' ' }, 'channels'],
    [{ channels: 'news bad!' }, 'channels'],
    [{ data: '{' }, 'data'],
    [{ data: '' }, 'data'],
    [{ socketId: 'abc' }, 'socketId'],
  ])('with %j is faulty at %s', (change, field) =>
    expect(Object.keys(faultsOf({ ...GOOD, ...change }))).toEqual([field]),
  );
});

describe('what the server refuses is shown at the field', () => {
  it.each([
    [
      'events[0].name has more than 200 characters.',
      { index: 0, field: 'name', words: 'Event name has more than 200 characters.' },
    ],
    [
      'events[2].channel "a b" is not a channel name.',
      { index: 2, field: 'channels', words: 'Channel "a b" is not a channel name.' },
    ],
    [
      'events[1].channels should not be empty.',
      { index: 1, field: 'channels', words: 'Channels should not be empty.' },
    ],
    ['events[0].data: too large.', { index: 0, field: 'data', words: 'Data: too large.' }],
    [
      'events[0].socket_id must look like 123.456.',
      { index: 0, field: 'socketId', words: 'Socket id must look like 123.456.' },
    ],
    ['That was too often.', { index: 0, words: 'That was too often.' }],
    ['events[0].other is odd.', { index: 0, words: 'events[0].other is odd.' }],
  ])('%s', (sentence, refusal) => expect(refusalOf(sentence)).toEqual(refusal));
});
