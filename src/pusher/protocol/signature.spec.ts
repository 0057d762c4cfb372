import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import {
  channelStringToSign,
  isSignatureOf,
  md5,
  parseQuery,
  requestStringToSign,
  sign,
  signRequest,
  splitAuth,
  userStringToSign,
} from './signature.js';

const SECRET = '7ad3773142a6692b25b8';

describe('sign and isSignatureOf', () => {
  it('agree with the vectors of the Pusher documentation', () => {
    const channel = channelStringToSign('1234.1234', 'private-foobar', undefined);
    expect(sign(SECRET, channel)).toBe(
      '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4',
    );
    const data = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}';
    const presence = channelStringToSign('1234.1234', 'presence-foobar', data);
    expect(sign(SECRET, presence)).toBe(
      '31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80',
    );
  });

  it('agree with each other and with HMAC-SHA256, in either case of the digits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (secret, text) => {
        const signature = sign(secret, text);
        expect(signature).toBe(createHmac('sha256', secret).update(text).digest('hex'));
        expect(isSignatureOf(signature, secret, text)).toBe(true);
        expect(isSignatureOf(signature.toUpperCase(), secret, text)).toBe(true);
        expect(isSignatureOf(signature, secret, `${text}x`)).toBe(false);
      }),
    );
  });

  it('take no signature that differs in a single digit', () => {
    const signature = sign(SECRET, 'text');
    for (let i = 0; i < signature.length; i++) {
      const digit = signature[i] === '0' ? '1' : '0';
      const wrong = signature.slice(0, i) + digit + signature.slice(i + 1);
      expect(isSignatureOf(wrong, SECRET, 'text')).toBe(false);
    }
  });

  it.each(['', 'a', '0'.repeat(63), '0'.repeat(65), 'g'.repeat(64), 'ſ'.repeat(64), '\u0000'])(
    'take %j for no signature, and do not throw',
    (text) => expect(isSignatureOf(text, SECRET, 'text')).toBe(false),
  );

  it('do not remember what they compared before', () => {
    const [one, two] = [sign(SECRET, 'one'), sign(SECRET, 'two')];
    expect(isSignatureOf(one, SECRET, 'one')).toBe(true);
    expect(isSignatureOf(one, SECRET, 'two')).toBe(false);
    expect(isSignatureOf(two, SECRET, 'two')).toBe(true);
    expect(isSignatureOf('0', SECRET, 'two')).toBe(false);
  });
});

describe('parseQuery', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['=a', { '': 'a' }],
    ['&&a=1&', { a: '1' }],
    ['a=1=2', { a: '1=2' }],
    ['a=%20+%2B', { a: '  +' }],
    ['%61=%C3%A4', { a: 'ä' }],
    ['a=%zz&b=%C3&c=%', { a: '%zz', b: '%C3', c: '%' }],
    ['a=1&a=2', { a: '1,2' }],
    ['a[]=1&a[]=2', { a: '1,2' }],
    ['a%5B0%5D=1&a%5B1%5D=2', { a: '1,2' }],
    ['a[b]=1', { 'a[b]': '1' }],
    ['__proto__=1&constructor=2', { ['__proto__']: '1', constructor: '2' }],
  ])('reads %j', (query, parameters) => {
    expect([...parseQuery(query)]).toEqual(Object.entries(parameters));
  });

  it('never throws, and reads back what was encoded', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseQuery(text)));
    const name = fc.stringMatching(/^[a-z_]{1,9}$/);
    const value = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(name, value), (parameters) => {
        const query = new URLSearchParams(parameters).toString();
        expect(Object.fromEntries(parseQuery(query))).toEqual({ ...parameters });
      }),
    );
  });
});

describe('requestStringToSign', () => {
  it('has the method, the path and the sorted parameters but the signature', () => {
    const query = parseQuery('b=2&auth_signature=x&A=%31&ab=3&a_b=4');
    expect(requestStringToSign('GET', '/apps/3/channels', query)).toBe(
      'GET\n/apps/3/channels\na=1&a_b=4&ab=3&b=2',
    );
  });

  it('sorts by name alone, not by what follows it', () => {
    expect(requestStringToSign('GET', '/', parseQuery('a-b=1&a=2'))).toBe('GET\n/\na=2&a-b=1');
  });

  it('is the same whatever the order on the wire', () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z-]{1,5}$/), fc.string()), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(pairs, (parameters) => {
        const forwards = requestStringToSign('GET', '/', new Map(parameters));
        const backwards = requestStringToSign('GET', '/', new Map([...parameters].reverse()));
        expect(forwards).toBe(backwards);
      }),
    );
  });
});

describe('signRequest', () => {
  it('agrees with the vector of the Pusher documentation', () => {
    const query = signRequest({
      method: 'POST',
      path: '/apps/3/events',
      body: '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}',
      key: '278d425bdf160c739803',
      secret: SECRET,
      timestampSeconds: 1353088179,
    });
    const parameters = parseQuery(query);
    expect(parameters.get('body_md5')).toBe('ec365a775a4cd0599faeb73354201b6f');
    expect(parameters.get('auth_signature')).toBe(
      'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c',
    );
  });

  it('is read back as it was signed, whatever is asked', () => {
    const name = fc.stringMatching(/^[a-z_]{1,9}$/);
    const asked = fc.dictionary(name, fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(asked, fc.string({ unit: 'grapheme' }), (query, body) => {
        const request = { method: 'POST', path: '/p', query, body, key: 'k', secret: SECRET };
        const parameters = parseQuery(signRequest({ ...request, timestampSeconds: 1 }));
        const signature = parameters.get('auth_signature') ?? '';
        const signed = requestStringToSign('POST', '/p', parameters);
        expect(isSignatureOf(signature, SECRET, signed)).toBe(true);
        expect(parameters.get('body_md5')).toBe(body === '' ? query['body_md5'] : md5(body));
      }),
    );
  });
});

describe('the small ones', () => {
  it('splitAuth splits at the first colon', () => {
    expect(splitAuth('key:signature')).toEqual({ key: 'key', signature: 'signature' });
    expect(splitAuth('key:a:b')).toEqual({ key: 'key', signature: 'a:b' });
    expect(splitAuth('key:')).toEqual({ key: 'key', signature: '' });
    for (const none of ['', 'key', ':signature', ':']) expect(splitAuth(none)).toBeUndefined();
  });

  it('userStringToSign and md5 are as documented', () => {
    expect(userStringToSign('1.2', '{"id":"a"}')).toBe('1.2::user::{"id":"a"}');
    expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(md5(Buffer.from('ä'))).toBe(md5('ä'));
  });
});
