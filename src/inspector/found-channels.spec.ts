import { findChannels } from './found-channels.js';

const named = (channel: string) => ({ channel, subscriptions: 1, users: 0 });
const namesOf = async (names: readonly string[], search: string) => {
  const { channels, total } = await findChannels(names.map(named), search);
  return { names: channels.map(({ channel }) => channel), total };
};

/** Names in an order that is none. */
const scattered = (count: number) =>
  Array.from({ length: count }, (_, i) => `c-${String((i * 7919) % count).padStart(6, '0')}`);

describe('Channels that are looked for', () => {
  it.each([
    ['', ['Z', 'a', 'b-a', 'ä']],
    ['a', ['a', 'b-a']],
    ['#', []],
    ['nothing', []],
  ])('%j, are found by name', async (search, names) => {
    const found = await namesOf(['b-a', 'ä', '#server-to-user-a', 'a', 'Z'], search);
    expect(found).toEqual({ names, total: names.length });
  });

  it('may be none of none', async () => {
    expect(await namesOf([], '')).toEqual({ names: [], total: 0 });
  });

  it('are all counted, and the first ten thousand listed', async () => {
    const names = scattered(60_000);
    const sorted = [...names].sort();
    const all = await namesOf(names, '');
    expect(all).toEqual({ names: sorted.slice(0, 10_000), total: 60_000 });
    const odd = sorted.filter((name) => name.includes('1'));
    expect(await namesOf(names, '1')).toEqual({ names: odd.slice(0, 10_000), total: odd.length });
  });

  it('keep nobody from having a turn', async () => {
    const turns: number[] = [];
    let isOver = false;
    const count = () => {
      turns.push(1);
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await namesOf(scattered(60_000), '');
    isOver = true;
    expect(turns.length).toBeGreaterThanOrEqual(10);
  });
});
