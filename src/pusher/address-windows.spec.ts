import { AddressWindows, networkOf } from './address-windows.js';

const WINDOW_MS = 1000;

describe('What an address may take in a window', () => {
  it('is the limit, and again in the next window', () => {
    const windows = new AddressWindows(2, WINDOW_MS, 10);
    expect([0, 1, 2, 999].map((nowMs) => windows.take('1.2.3.4', nowMs))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([1000, 1001, 1002].map((nowMs) => windows.take('1.2.3.4', nowMs))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is nothing that another address has taken', () => {
    const windows = new AddressWindows(1, WINDOW_MS, 10);
    expect(windows.take('1.2.3.4', 0)).toBe(true);
    expect(windows.take('1.2.3.5', 0)).toBe(true);
    expect(windows.take('1.2.3.4', 0)).toBe(false);
  });

  it('is waited for until the window closes, and only by who has taken all', () => {
    const windows = new AddressWindows(2, WINDOW_MS, 10);
    const waits = () => windows.waitMs('1.2.3.4', 400);
    expect(waits()).toBe(0);
    windows.take('1.2.3.4', 100);
    expect(waits()).toBe(0);
    windows.take('1.2.3.4', 200);
    expect(waits()).toBe(700);
    expect(windows.waitMs('1.2.3.5', 400)).toBe(0);
    expect(windows.waitMs('1.2.3.4', 5000)).toBe(0);
  });

  it('is of one network for all IPv6 addresses of it', () => {
    const windows = new AddressWindows(1, WINDOW_MS, 10);
    expect(windows.take('2001:db8:1:2::1', 0)).toBe(true);
    expect(windows.take('2001:db8:1:2:ffff::2', 0)).toBe(false);
    expect(windows.take('2001:db8:1:3::1', 0)).toBe(true);
  });
});

describe('The memory for addresses', () => {
  it('is bounded: one more, and the window that opened first is forgotten', () => {
    const windows = new AddressWindows(1, WINDOW_MS, 3);
    for (const address of ['a', 'b', 'c', 'd']) windows.take(address, 0);
    expect(windows.size).toBe(3);
    expect(windows.take('b', 1)).toBe(false);
    expect(windows.take('a', 1)).toBe(true);
    expect(windows.size).toBe(3);
  });

  it('is given back when windows close', () => {
    const windows = new AddressWindows(5, WINDOW_MS, 1000);
    for (let i = 0; i < 500; i++) windows.take(`10.0.0.${i}`, i);
    windows.take('1.2.3.4', 1400);
    // Those that opened at 401 ms or later, and the new one.
    expect(windows.size).toBe(100);
  });
});

describe('An address counts as', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:8::1', '2001:db8:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
    [':'.repeat(1000), ':'.repeat(45)],
    ['x'.repeat(1000), 'x'.repeat(45)],
  ])('%.20s: %s', (address, network) => expect(networkOf(address)).toBe(network));
});
