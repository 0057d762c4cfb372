import {
  completeInspectorOptions,
  DEFAULT_INSPECTOR_OPTIONS,
  type InspectorOptions,
} from './inspector.options.js';

const SECRET = 'twelve chars';
const complete = (options: Partial<InspectorOptions>) =>
  completeInspectorOptions({ enabled: true, password: SECRET, ...options });

describe('The inspector', () => {
  it('is off, unless somebody says otherwise', () => {
    expect(completeInspectorOptions({})).toEqual(DEFAULT_INSPECTOR_OPTIONS);
    expect(completeInspectorOptions({ enabled: undefined }).enabled).toBe(false);
  });

  it('is not looked at closely while it is off', () => {
    const odd = { path: 'x', password: '', sessionSeconds: 0 };
    expect(completeInspectorOptions(odd)).toEqual({ ...DEFAULT_INSPECTOR_OPTIONS, ...odd });
  });

  it.each<[Partial<InspectorOptions>]>([
    [{}],
    [{ password: undefined, token: SECRET }],
    [{ token: SECRET }],
    [{ path: '/a/b-c' }],
    [{ sessionSeconds: 60 }],
  ])('takes %j', (options) => {
    expect(complete(options)).toEqual({
      ...DEFAULT_INSPECTOR_OPTIONS,
      enabled: true,
      password: SECRET,
      ...options,
    });
  });

  it.each<[Partial<InspectorOptions>, string]>([
    [{ password: undefined }, 'needs a password or a token'],
    [{ password: '11 characte' }, 'The password of the inspector must have 12 characters'],
    [{ token: '' }, 'The token of the inspector must have 12 characters'],
    [{ path: '' }, 'must be like "/inspector", not "".'],
    [{ path: '/' }, 'must be like "/inspector"'],
    [{ path: '/inspector/' }, 'must be like "/inspector"'],
    [{ path: 'inspector' }, 'must be like "/inspector"'],
    [{ path: '//a' }, 'must be like "/inspector"'],
    [{ path: '/a?b' }, 'must be like "/inspector"'],
    [{ path: '/apps' }, 'The server needs /apps itself'],
    [{ path: '/app/inspector' }, 'The server needs /app/inspector itself'],
    [{ sessionSeconds: 59 }, 'must last 60 seconds at least'],
    [{ sessionSeconds: NaN }, 'must last 60 seconds at least'],
  ])('refuses %j', (options, sentence) => {
    expect(() => complete(options)).toThrow(sentence);
    expect(() => complete(options)).toThrow(RangeError);
  });

  it('names no secret in what it refuses', () => {
    expect(() => complete({ token: 'hush' })).not.toThrow('hush');
  });
});
