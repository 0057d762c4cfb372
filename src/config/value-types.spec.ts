import { validateSync } from 'class-validator';
import {
  amount,
  boolean,
  cidrs,
  corsOrigins,
  host,
  httpUrl,
  integer,
  integerOrAuto,
  nodes,
  oneOf,
  origins,
  redisUrl,
  routePrefix,
  secret,
  text,
  type ValueType,
} from './value-types.js';

/** What a type makes of a text, or `refused`. */
function reading(type: ValueType<unknown>, written: string): unknown {
  class Subject {
    value: unknown = type.convert(written);
  }
  for (const validator of type.validators) validator(Subject.prototype, 'value');
  const subject = new Subject();
  return validateSync(subject).length === 0 ? subject.value : 'refused';
}

const HOSTILE = ['__proto__', 'constructor', 'toString', '\u0000', '💥', 'a'.repeat(100_000)];

describe('An integer or auto', () => {
  const type = integerOrAuto(1, 1024);

  it.each([
    ['1', 1],
    [' 4 ', 4],
    ['1024', 1024],
    ['auto', 'auto'],
    [' AUTO', 'auto'],
  ])('is read from %j', (written, expected) => expect(reading(type, written)).toBe(expected));

  it.each(
    ['0', '-1', '1025', '1.5', '1e2', 'NaN', 'Infinity', 'auto 2', 'automatic', ''].concat(HOSTILE),
  )('is not %j', (written) => expect(reading(type, written)).toBe('refused'));
});

describe('An integer', () => {
  const type = integer(0, 65_535);

  it.each([
    ['8080', 8080],
    [' 8080 ', 8080],
    ['0', 0],
    ['65535', 65_535],
    ['007', 7],
  ])('is read from %j', (written, expected) => expect(reading(type, written)).toBe(expected));

  it.each(
    [
      '65536',
      '-1',
      '1.0',
      '1e3',
      '0x10',
      'NaN',
      'Infinity',
      '1_000',
      '1 2',
      '9'.repeat(400),
    ].concat(HOSTILE),
  )('is not %j', (written) => expect(reading(type, written)).toBe('refused'));

  it('is never so large that it loses precision', () =>
    expect(reading(amount(0), '99999999999999999999')).toBe('refused'));
});

describe('A boolean', () => {
  it.each(['true', 'TRUE', '(true)', '1', ' true'])('is true when %j', (written) =>
    expect(reading(boolean(), written)).toBe(true),
  );

  it.each(['false', 'False', '(false)', '0'])('is false when %j', (written) =>
    expect(reading(boolean(), written)).toBe(false),
  );

  it.each(['yes', 'on', '2', 'tru', ...HOSTILE])('is not %j', (written) =>
    expect(reading(boolean(), written)).toBe('refused'),
  );
});

describe('A word of several', () => {
  const type = oneOf(['log', 'debug'], { info: 'log' });

  it('is read in any case', () => expect(reading(type, 'DEBUG')).toBe('debug'));
  it('may be an alias', () => expect(reading(type, 'info')).toBe('log'));
  it.each(HOSTILE)('is not %j', (written) => expect(reading(type, written)).toBe('refused'));
});

describe('A host', () => {
  it.each([
    'localhost',
    '127.0.0.1',
    '::',
    '::1',
    'redis_1',
    'a.example.com.',
    'xn--bcher-kva.example',
  ])('is %j', (written) => expect(reading(host(), written)).toBe(written));

  it.each([
    'http://localhost',
    'localhost:80',
    '[::1]',
    '-a.com',
    'a b',
    'tls://redis',
    '../etc',
    '💥',
    '\u0000',
    'a'.repeat(100_000),
  ])('is not %j', (written) => expect(reading(host(), written)).toBe('refused'));
});

describe('A route prefix', () => {
  it.each([
    ['/', ''],
    ['//', ''],
    ['reverb', '/reverb'],
    ['/reverb/', '/reverb'],
    ['/a/b//', '/a/b'],
    ['//a', '/a'],
  ])('%j becomes %j', (written, expected) =>
    expect(reading(routePrefix(), written)).toBe(expected),
  );

  it.each(['/a?b', '/a b', '/a//b', '/:key', '/*', '/a#b', '/%2e'])('is not %j', (written) =>
    expect(reading(routePrefix(), written)).toBe('refused'),
  );
});

describe('Origins', () => {
  it('are a comma list without blanks and empty items', () =>
    expect(reading(origins(), ' a.com, ,*.b.com,https://c.com:8443 ')).toEqual([
      'a.com',
      '*.b.com',
      'https://c.com:8443',
    ]));

  it.each([',', 'https://a.com/', 'https://a.com/path', 'a b'])('are not %j', (written) =>
    expect(reading(origins(), written)).toBe('refused'),
  );

  it('of CORS have a scheme', () => {
    expect(reading(corsOrigins(), 'https://a.com,capacitor://localhost')).toHaveLength(2);
    expect(reading(corsOrigins(), '*')).toEqual(['*']);
    expect(reading(corsOrigins(), 'a.com')).toBe('refused');
  });
});

describe('Networks', () => {
  it('are CIDR, a bare address being one of its own', () =>
    expect(reading(cidrs(), '10.0.0.0/8, 192.168.1.1, ::1, fd00::/8')).toEqual([
      '10.0.0.0/8',
      '192.168.1.1/32',
      '::1/128',
      'fd00::/8',
    ]));

  it.each(['*', '10', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', 'example.com', '10.0.0.0/8/8'])(
    'are not %j',
    (written) => expect(reading(cidrs(), written)).toBe('refused'),
  );
});

describe('Nodes', () => {
  it('are hosts with ports', () =>
    expect(reading(nodes(6379), 'a:1, b ,[::1]:2')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 6379 },
      { host: '::1', port: 2 },
    ]));

  it.each(['a:0', 'a:65536', 'a:b', ':1', '::1:2', 'a:1:2', 'redis://a:1', ...HOSTILE.slice(3, 5)])(
    'are not %j',
    (written) => expect(reading(nodes(6379), written)).toBe('refused'),
  );
});

describe('URLs', () => {
  it.each(['redis://localhost', 'rediss://u:p%40@h:6380/2', 'tls://h', 'redis://:p@[::1]:1/'])(
    'of Redis are %j',
    (written) => expect(reading(redisUrl(), written)).toBe(written),
  );

  it.each(['http://a', 'localhost:6379', 'redis://h/abc', 'redis://h:99999', ...HOSTILE])(
    'of Redis are not %j',
    (written) => expect(reading(redisUrl(), written)).toBe('refused'),
  );

  it.each(['ftp://a', '//a', 'https://u:p@a.com', 'javascript:alert(1)'])(
    'of webhooks are not %j',
    (written) => expect(reading(httpUrl(), written)).toBe('refused'),
  );
});

describe('A secret', () => {
  it('is taken to the letter, other text is trimmed', () => {
    expect(reading(secret(text()), ' s ')).toBe(' s ');
    expect(reading(text(), ' s ')).toBe('s');
  });
});
