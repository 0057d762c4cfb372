import * as fc from 'fast-check';
import { ApiError } from './api-error.js';
import { BatchEventDto, BatchEventsDto } from './dto/batch-events.dto.js';
import { PublishEventDto } from './dto/publish-event.dto.js';
import { parseJsonObject, validate } from './validate.js';

const GOOD = { name: 'e', data: 'd', channel: 'c' };

/** The refusal that a call throws, undefined if it throws none. */
function refusalIn(call: () => unknown): ApiError | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  return undefined;
}

function refusalOf(call: () => unknown): ApiError {
  const refusal = refusalIn(call);
  if (refusal === undefined) throw new Error('It was not refused.');
  return refusal;
}

describe('parseJsonObject', () => {
  it('reads an object', () => {
    expect(parseJsonObject(Buffer.from(' {"a":"ä"}\n'))).toEqual({ a: 'ä' });
  });

  it.each(['', ' ', '{', '[]', 'null', '1', '"x"', 'true', '{}x', '\ufeff{}'])(
    'refuses %j with 400',
    (text) => {
      const refusal = refusalOf(() => parseJsonObject(Buffer.from(text)));
      expect(refusal.getStatus()).toBe(400);
      expect(refusal.message).toMatch(/^The body must be /);
    },
  );

  it.each(['hidden', '{"data": hidden}', `{"data":"${'x'.repeat(50)}" hidden}`, '"\nhidden'])(
    'does not quote %j',
    (text) => {
      const { message } = refusalOf(() => parseJsonObject(Buffer.from(text)));
      expect(message).not.toMatch(/hidden/);
    },
  );

  it('refuses bytes that are no text, or takes them for some', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => refusalIn(() => parseJsonObject(Buffer.from(bytes)))).not.toThrow();
      }),
    );
  });
});

describe('validate', () => {
  it('makes a DTO of what is right, null counting as absent', () => {
    const optional = { channels: null, socket_id: null, info: null, idempotency_key: null };
    const dto = validate(PublishEventDto, { ...GOOD, ...optional, more: 1 });
    expect(dto).toBeInstanceOf(PublishEventDto);
    expect(dto).toMatchObject(GOOD);
  });

  it.each([null, 0, false, '', [], {}, { a: [] }])('takes %j as data', (data) => {
    expect(validate(PublishEventDto, { ...GOOD, data }).data).toEqual(data);
  });

  it.each([
    [{ ...GOOD, name: 1 }, /^name must be a string\.$/],
    [{ ...GOOD, name: '' }, /^name should not be empty\.$/],
    [{ name: 'e', channel: 'c' }, /^data is missing\.$/],
    [{ ...GOOD, socket_id: 1 }, /^socket_id must be a string\.$/],
    [{ ...GOOD, channels: [1] }, /^each value in channels must be a string\.$/],
    [{ ...GOOD, channels: [] }, /^channels should not be empty\.$/],
  ])('refuses %j with a sentence that names the field', (value, sentence) => {
    const refusal = refusalOf(() => validate(PublishEventDto, value));
    expect(refusal.getStatus()).toBe(400);
    expect(refusal.message).toMatch(sentence);
  });

  it('says where the field is', () => {
    const item = { ...GOOD, name: 1 };
    const wrongField = refusalOf(() => validate(BatchEventDto, item, 'batch[2].'));
    expect(wrongField.message).toBe('batch[2].name must be a string.');
    const wrongItem = refusalOf(() => validate(BatchEventDto, null, 'batch[2].'));
    expect(wrongItem.message).toBe('batch[2] must be a JSON object.');
    expect(refusalOf(() => validate(BatchEventsDto, { batch: {} })).message).toMatch(/^batch /);
  });

  it.each(Object.getOwnPropertyNames(Object.prototype))(
    'is not misled by a field named %s',
    (name) => {
      for (const json of ['null', '1', '"x"', '{}', '{"prototype":{}}']) {
        const value = JSON.parse(`{"${name}":${json}}`) as object;
        expect(validate(PublishEventDto, Object.assign(value, GOOD))).toMatchObject(GOOD);
        expect(
          refusalOf(() => validate(PublishEventDto, value && JSON.parse(`{"${name}":${json}}`))),
        ).toBeInstanceOf(ApiError);
      }
    },
  );

  it('throws nothing but refusals, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const type of [PublishEventDto, BatchEventDto, BatchEventsDto]) {
          expect(() => refusalIn(() => validate<object>(type, value))).not.toThrow();
        }
      }),
    );
  });
});
