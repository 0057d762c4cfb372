import * as fc from 'fast-check';
import { BatchEventDto } from './dto/batch-events.dto.js';
import { PublishEventDto } from './dto/publish-event.dto.js';
import { isPlainBatchEvent, isPlainEvent } from './plain-event.js';
import { validate } from './validate.js';

const text = fc.string();
const anything = fc.oneof(
  { weight: 3, arbitrary: text },
  fc.array(fc.oneof({ weight: 4, arbitrary: text }, fc.jsonValue()), { maxLength: 3 }),
  fc.jsonValue(),
);
const body = fc.record(
  {
    name: anything,
    data: anything,
    channel: anything,
    channels: anything,
    socket_id: anything,
    info: anything,
    idempotency_key: anything,
    constructor: anything,
  },
  { requiredKeys: [] },
);

describe('A body that is plainly right', () => {
  it('is one that the decorators accept, and means the same', () => {
    let plain = 0;
    fc.assert(
      fc.property(body, (value) => {
        if (!isPlainEvent(value)) return;
        plain++;
        const dto = validate(PublishEventDto, value);
        expect(dto).toMatchObject({
          name: value.name,
          data: value.data,
          ...(value.channels === undefined
            ? { channel: value.channel }
            : { channels: value.channels }),
        });
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(0);
  });

  it('is what official libraries send', () => {
    expect(isPlainEvent({ name: 'e', data: '{}', channels: ['a', 'b'] })).toBe(true);
    expect(isPlainEvent({ name: 'e', data: '', channel: 'a', socket_id: '1.2' })).toBe(true);
    expect(isPlainEvent({ name: 'e', data: 'x', channels: ['a'], info: 'user_count' })).toBe(true);
  });

  it.each([
    {},
    { name: '', data: '', channel: 'a' },
    { name: 'e', channel: 'a' },
    { name: 'e', data: '' },
    { name: 'e', data: '', channels: [] },
    { name: 'e', data: '', channels: [1] },
    { name: 'e', data: '', channels: { 0: 'a', length: 1 } },
    { name: 'e', data: '', channel: 'a', socket_id: 1 },
    { name: 'e', data: '', channel: 'a', info: [] },
    { name: 'e', data: '', channel: 'a', idempotency_key: '' },
  ])('is not %j', (value) => expect(isPlainEvent(value)).toBe(false));
});

describe('An event of a batch that is plainly right', () => {
  it('is one that the decorators accept, and means the same', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: body }, fc.jsonValue()), (value) => {
        if (!isPlainBatchEvent(value)) return;
        plain++;
        const { name, data, channel } = value;
        expect(validate(BatchEventDto, value)).toMatchObject({ name, data, channel });
      }),
      { numRuns: 5000 },
    );
    expect(plain).toBeGreaterThan(0);
  });

  it('is what official libraries send', () => {
    expect(isPlainBatchEvent({ name: 'e', data: '{}', channel: 'a' })).toBe(true);
    expect(isPlainBatchEvent({ name: 'e', data: '', channel: 'a', socket_id: '1.2' })).toBe(true);
  });

  it.each([
    null,
    'text',
    [],
    { name: 'e', data: '', channels: ['a'] },
    { name: 'e', data: '', channel: 'a', channels: ['b'] },
    { name: 'e', data: '' },
  ])('is not %j', (value) => expect(isPlainBatchEvent(value)).toBe(false));
});
