import { ChannelRates } from './channel-rates.js';

const START_MS = 1_000_000;

/** Counts several events of a channel. */
function count(rates: ChannelRates, channel: string, times: number, appId = 'a'): void {
  for (let i = 0; i < times; i++) rates.count(appId, channel);
}

const ratesOf = (rates: ChannelRates, sinceStartMs: number, appId = 'a') =>
  Object.fromEntries(rates.of(appId, START_MS + sinceStartMs));

describe('The rate of a channel', () => {
  it('is over the time that anybody has counted, one second at least', () => {
    const rates = new ChannelRates(START_MS);
    count(rates, 'c', 6);
    count(rates, 'd', 3);
    expect(ratesOf(rates, 0)).toEqual({ c: 6, d: 3 });
    expect(ratesOf(rates, 100)).toEqual({ c: 6, d: 3 });
    expect(ratesOf(rates, 3000)).toEqual({ c: 2, d: 1 });
  });

  it('keeps applications apart', () => {
    const rates = new ChannelRates(START_MS);
    count(rates, 'c', 2, 'a');
    count(rates, 'c', 1, 'b');
    expect(ratesOf(rates, 0, 'a')).toEqual({ c: 2 });
    expect(ratesOf(rates, 0, 'b')).toEqual({ c: 1 });
    expect(ratesOf(rates, 0, 'nobody')).toEqual({});
  });

  it('is that of the last five to ten seconds', () => {
    const rates = new ChannelRates(START_MS);
    count(rates, 'c', 10);
    rates.advance(START_MS + 4999);
    rates.advance(START_MS + 5000);
    count(rates, 'c', 20);
    expect(ratesOf(rates, 6000)).toEqual({ c: 5 });
    rates.advance(START_MS + 9999);
    expect(ratesOf(rates, 10_000)).toEqual({ c: 3 });
    rates.advance(START_MS + 10_000);
    expect(ratesOf(rates, 10_000)).toEqual({ c: 4 });
    rates.advance(START_MS + 15_000);
    expect(ratesOf(rates, 15_000)).toEqual({});
  });

  it('is known of so many channels, and of the same when the next half begins', () => {
    const rates = new ChannelRates(START_MS);
    for (let i = 0; i < 25_000; i++) rates.count(`app-${i % 2}`, `channel-${i}`);
    const known = () => rates.of('app-0', START_MS).size + rates.of('app-1', START_MS).size;
    expect(known()).toBe(20_000);
    // Who is known already goes on.
    rates.count('app-0', 'channel-0');
    expect(rates.of('app-0', START_MS).get('channel-0')).toBe(2);
    rates.advance(START_MS + 5000);
    rates.count('app-0', 'another');
    expect(known()).toBe(20_001);
  });

  it('is that of channels with any name', () => {
    const rates = new ChannelRates(START_MS);
    count(rates, '__proto__', 1, '__proto__');
    expect([...rates.of('__proto__', START_MS)]).toEqual([['__proto__', 1]]);
  });
});
