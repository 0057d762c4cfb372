import { createApplication } from '../../applications/application.js';
import { ApiError } from './api-error.js';
import type { EventDto } from './dto/publish-event.dto.js';
import { channelsOf, checkChannel, eventOf } from './event-rules.js';

const APPLICATION = createApplication({
  id: '1',
  keys: [{ key: 'k', secret: 's' }],
  maxEventNameLength: 5,
  maxChannelNameLength: 6,
  maxEventChannels: 2,
  maxEventSize: 10,
});

const eventFrom = (fields: Partial<EventDto>, channels: readonly string[] = ['c'], where = '') =>
  eventOf({ name: 'e', data: 'd', ...fields }, channels, APPLICATION, where);

/** Status and sentence of the refusal that a call throws. */
function refusalOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof ApiError) return [error.getStatus(), error.message];
    throw error;
  }
}

describe('eventOf', () => {
  it('passes strings on and encodes the rest', () => {
    const [text, object] = [eventFrom({ data: '{ }' }), eventFrom({ data: { a: [1] } })];
    expect([text.data, object.data, eventFrom({ data: null }).data]).toEqual([
      '{ }',
      '{"a":[1]}',
      'null',
    ]);
  });

  it('names the connection that does not get it', () => {
    expect(eventFrom({ socket_id: '12.34' }).exceptSocketId).toBe('12.34');
    expect(eventFrom({ socket_id: null }).exceptSocketId).toBeUndefined();
    expect(eventFrom({}).exceptSocketId).toBeUndefined();
  });

  it('takes what is exactly as large as the limits', () => {
    expect(eventFrom({ name: '12345', data: 'äöüßé' }, ['123456'])).toMatchObject({
      name: '12345',
      data: 'äöüßé',
      channels: ['123456'],
    });
  });

  it('refuses what is larger', () => {
    expect(refusalOf(() => eventFrom({ name: '123456' }))).toEqual([
      400,
      expect.stringMatching(/^name has more than 5 characters\.$/),
    ]);
    expect(refusalOf(() => eventFrom({}, ['c', '1234567']))).toEqual([
      400,
      expect.stringMatching(/^channel "1234567" is not/),
    ]);
    for (const data of ['x'.repeat(11), 'äöüßéx', '€€€€', '😀😀😀', { a: 'x'.repeat(3) }]) {
      expect(refusalOf(() => eventFrom({ data }))).toEqual([
        413,
        expect.stringMatching(/^data: the data content of this event .*10 by/),
      ]);
    }
  });

  it('refuses socket ids that cannot be any', () => {
    for (const socket_id of [
      '',
      '1',
      '1.',
      '.1',
      '1.2.3',
      ' 1.2',
      '1.2\n',
      'a.b',
      '1'.repeat(99),
    ]) {
      expect(refusalOf(() => eventFrom({ socket_id }))).toEqual([
        400,
        expect.stringMatching(/^socket_id must look like 123\.456\.$/),
      ]);
    }
  });

  it('refuses data nested too deeply to be encoded', () => {
    let data: unknown = [];
    for (let i = 0; i < 200_000; i++) data = [data];
    expect(refusalOf(() => eventFrom({ data }))).toEqual([
      400,
      expect.stringMatching(/^data is nested too deeply\.$/),
    ]);
  });

  it('says where the field is', () => {
    expect(refusalOf(() => eventFrom({ name: '123456' }, [], 'batch[1].'))).toEqual([
      400,
      expect.stringMatching(/^batch\[1\]\.name /),
    ]);
    expect(refusalOf(() => eventFrom({}, [''], 'batch[1].'))).toEqual([
      400,
      expect.stringMatching(/^batch\[1\]\.channel "" /),
    ]);
    expect(refusalOf(() => eventFrom({ socket_id: '' }, [], 'b.'))).toEqual([
      400,
      expect.stringMatching(/^b\.socket_id /),
    ]);
    expect(refusalOf(() => eventFrom({ data: 'x'.repeat(11) }, [], 'b.'))).toEqual([
      413,
      expect.stringMatching(/^b\.data: /),
    ]);
  });
});

describe('channelsOf', () => {
  const from = (fields: object) => channelsOf({ name: 'e', data: 'd', ...fields }, APPLICATION);

  it('prefers channels', () => {
    expect(from({ channel: 'a' })).toEqual(['a']);
    expect(from({ channel: 'a', channels: ['b', 'c'] })).toEqual(['b', 'c']);
    expect(from({ channel: 'a', channels: null })).toEqual(['a']);
  });

  it('refuses none and too many', () => {
    for (const none of [{}, { channel: null }, { channel: null, channels: null }]) {
      expect(refusalOf(() => from(none))).toEqual([
        400,
        expect.stringMatching(/^channels or channel is missing\.$/),
      ]);
    }
    const channels = ['a', 'b', 'c'];
    expect(refusalOf(() => from({ channels }))).toEqual([
      400,
      expect.stringMatching(/^channels names more than 2 channels\.$/),
    ]);
  });
});

describe('checkChannel', () => {
  it('shows the beginning of a name that cannot be one', () => {
    const name = `${'x'.repeat(40)}${'y'.repeat(1000)}`;
    expect(refusalOf(() => checkChannel(name, APPLICATION))).toEqual([
      400,
      expect.stringMatching(/^channel "x{40}…" is not a channel/),
    ]);
    expect(refusalOf(() => checkChannel('\n"', APPLICATION))).toEqual([
      400,
      expect.stringMatching(/^channel "\\n\\"" is not a channel/),
    ]);
    expect(() => checkChannel('a-Z_9', APPLICATION)).not.toThrow();
  });
});
