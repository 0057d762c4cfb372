import { ExpiringMap } from './expiring-map.js';

function setUp() {
  const clock = { nowMs: 1000 };
  const map = new ExpiringMap<string>(() => clock.nowMs);
  return { clock, map };
}

describe('An entry', () => {
  it('is there until its time is over, and not at that moment', () => {
    const { clock, map } = setUp();
    map.set('a', 'value', 100);
    clock.nowMs += 99;
    expect(map.get('a')).toBe('value');
    expect(map.remainingMs('a')).toBe(1);
    clock.nowMs += 1;
    expect(map.get('a')).toBeUndefined();
    expect(map.remainingMs('a')).toBe(0);
  });

  it('that is set again has the new value and the new time', () => {
    const { clock, map } = setUp();
    map.set('a', 'first', 1000);
    map.set('a', 'second', 100);
    expect(map.get('a')).toBe('second');
    clock.nowMs += 100;
    expect(map.get('a')).toBeUndefined();
  });

  it('may stay for ever', () => {
    const { clock, map } = setUp();
    map.set('a', 'value', Infinity);
    clock.nowMs = Number.MAX_SAFE_INTEGER;
    map.sweep();
    expect(map.get('a')).toBe('value');
    expect(map.remainingMs('a')).toBe(Infinity);
  });

  it('that is deleted is gone', () => {
    const { map } = setUp();
    map.set('a', 'value', 100);
    map.delete('a');
    map.delete('b');
    expect(map.get('a')).toBeUndefined();
    expect(map.size).toBe(0);
  });

  it('that never was has nothing left', () => {
    const { map } = setUp();
    expect(map.get('__proto__')).toBeUndefined();
    expect(map.remainingMs('a')).toBe(0);
  });
});

describe('Memory', () => {
  it('is let go of by whoever looks at what has expired', () => {
    const { clock, map } = setUp();
    map.set('a', 'value', 100);
    map.set('b', 'value', 100);
    clock.nowMs += 100;
    map.get('a');
    expect(map.size).toBe(1);
    map.remainingMs('b');
    expect(map.size).toBe(0);
  });

  it('is let go of by a sweep, which leaves what has not expired', () => {
    const { clock, map } = setUp();
    for (let i = 0; i < 10; i++) map.set(`key ${i}`, 'value', i < 7 ? 100 : 101);
    clock.nowMs += 100;
    map.sweep();
    expect(map.size).toBe(3);
    expect(map.get('key 7')).toBe('value');
  });
});
