import { describeFault, isLinkFault } from './link-fault.js';

const CONTEXT = { prefix: 'reverb', isTls: false, isNew: false };

function systemError(code: string, details: object = {}): Error {
  return Object.assign(new Error(`connect ${code}`), { code, ...details });
}

describe('An answer of Redis', () => {
  it.each([
    'READONLY You cannot write against a read only replica.',
    'LOADING Redis is loading the dataset in memory',
    'NOSCRIPT No matching script. Please use EVAL.',
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOPERM this user has no permissions to access one of the keys used as arguments',
    'CLUSTERDOWN Hash slot not served',
  ])('takes the link down: %s', (message) => expect(isLinkFault(new Error(message))).toBe(true));

  it.each(['WRONGTYPE Operation against a key', 'ERR user_script:1: READONLY', 'LOADINGS'])(
    'is the business of who asked: %s',
    (message) => expect(isLinkFault(new Error(message))).toBe(false),
  );

  it('may be no error at all', () => expect(isLinkFault('READONLY')).toBe(false));
});

describe('The reason that is logged', () => {
  it.each([
    [systemError('ECONNREFUSED', { address: '::1', port: 1 }), 'nobody listens at ::1 port 1'],
    [Object.assign(new Error(''), { errors: [systemError('ECONNREFUSED')] }), 'nobody listens'],
    [systemError('ENOTFOUND'), 'the name of the host is unknown: check REDIS_HOST or REDIS_URL'],
    [new Error('MISCONF Redis is configured to save'), /cannot save its data/],
    [new Error('WRONGPASS invalid username-password pair'), /REDIS_USERNAME and REDIS_PASSWORD/],
    [new Error('NOPERM no permissions'), /NOPERM no permissions.*~reverb:\* and &reverb:\*/],
    [systemError('SELF_SIGNED_CERT_IN_CHAIN'), /REVERB_REDIS_TLS_CA/],
    [new Error('Something else.'), 'Something else'],
    [new RangeError(''), 'RangeError'],
  ])('%s', (error, words) => expect(describeFault(error, CONTEXT)).toMatch(words));

  it('asks about TLS when it has never worked and the other end says nothing', () => {
    const reset = systemError('ECONNRESET');
    expect(describeFault(reset, CONTEXT)).toBe('it broke the connection off');
    expect(describeFault(reset, { ...CONTEXT, isNew: true })).toContain('rediss://');
    expect(describeFault(reset, { ...CONTEXT, isNew: true, isTls: true })).toContain(
      'on this port',
    );
  });
});
