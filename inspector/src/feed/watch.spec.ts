import { isEmptyFilter, NO_FILTER, watchFilterOf } from './watch-filter.js';
import { channelOfWatch, newWatchId } from './watch-id.js';

describe('a watch', () => {
  it('has an id of its own, of the length and the characters that are asked for', () => {
    const ids = new Set(Array.from({ length: 100 }, newWatchId));
    expect(ids.size).toBe(100);
    expect([...ids].every((id) => /^[0-9a-zA-Z-]{16,64}$/.test(id))).toBe(true);
    expect(channelOfWatch('abc')).toBe('private-inspector-abc');
  });

  it('asks for nothing but what was typed', () => {
    expect(watchFilterOf(NO_FILTER, '')).toEqual({});
    const fields = { ...NO_FILTER, kinds: ['redis'] as const, channel: ' a* ', userId: '  ' };
    expect(watchFilterOf(fields, 'shop')).toEqual({
      appId: 'shop',
      kinds: ['redis'],
      channel: 'a*',
    });
  });

  it('is without a filter when nothing is typed', () => {
    expect(isEmptyFilter({ ...NO_FILTER, event: ' ' })).toBe(true);
    expect(isEmptyFilter({ ...NO_FILTER, socketId: '1.2' })).toBe(false);
  });
});
