import Pusher from 'pusher';
import { bodyOf, headersOf } from './webhook-request.js';

const KEY = { key: '278d425bdf160c739803', secret: '7ad3773142a6692b25b8' };
const waiting = (event: object, atMs = 1) => ({
  atMs,
  queuedMs: 7,
  event: JSON.stringify(event),
});

/** Names and values, names as they are written. */
function pairs(headers: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) found.push([headers[i]!, headers[i + 1]!]);
  return found;
}

describe('The body of a delivery', () => {
  it('is what the protocol says, to the letter', () => {
    const event = waiting({ name: 'channel_occupied', channel: 'c' }, 1_327_078_148_132);
    expect(bodyOf([event], 1_327_078_148_500)).toBe(
      '{"time_ms":1327078148132,"events":[{"name":"channel_occupied","channel":"c"}]}',
    );
  });

  it('has all events in their order, and the time of the last', () => {
    const events = [waiting({ n: 1 }, 5), waiting({ n: 2 }, 9), waiting({ n: 3 }, 7)];
    const body = bodyOf(events, 10);
    expect(JSON.parse(body)).toEqual({ time_ms: 9, events: [{ n: 1 }, { n: 2 }, { n: 3 }] });
  });
});

describe('The time of a delivery', () => {
  const timeOf = (atMs: number) =>
    (JSON.parse(bodyOf([waiting({}, atMs)], 1_000_000)) as { time_ms: number }).time_ms;

  it('is that of the event, unless that is so long ago that libraries would refuse it', () => {
    expect([999_999, 760_000, 759_999, 0].map(timeOf)).toEqual([
      999_999, 760_000, 760_000, 760_000,
    ]);
  });
});

describe('The headers of a delivery', () => {
  const body = '{"time_ms":1327078148132,"events":[{"name":"channel_occupied","channel":"ä"}]}';

  it('are written as the protocol writes them, and signed with the key that is named', () =>
    expect(pairs(headersOf('{}', KEY, {}))).toEqual([
      ['Content-Type', 'application/json'],
      ['X-Pusher-Key', KEY.key],
      ['X-Pusher-Signature', '74ed89baf8c7d8bbbd86289e6c912d1581a5766f3ff6b51509c8a905687c1066'],
    ]));

  it('pass the check of the official library, and not with a body or a secret of somebody else', () => {
    const headers = Object.fromEntries(
      pairs(headersOf(body, KEY, {})).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const check = (rawBody: string, secret = KEY.secret) =>
      new Pusher({ appId: '1', key: KEY.key, secret, cluster: 'c' }).webhook({ headers, rawBody });
    const webhook = check(body);
    expect(webhook.isValid()).toBe(true);
    expect(webhook.getEvents()).toEqual([{ name: 'channel_occupied', channel: 'ä' }]);
    expect(webhook.getTime().getTime()).toBe(1_327_078_148_132);
    expect(check(`${body} `).isValid()).toBe(false);
    expect(check(body, 'other').isValid()).toBe(false);
  });

  it('have those of the endpoint, but none that the protocol or the connection says', () => {
    const custom = {
      'X-A': '1',
      Authorization: 'Bearer t',
      'x-pusher-key': 'forged',
      'X-PUSHER-Signature': 'forged',
      'X-Pusher-Other': 'forged',
      X_Pusher_Signature: 'forged',
      'content-type': 'text/plain',
      'Content-Length': '3',
      'Transfer-Encoding': 'chunked',
      Connection: 'close',
      Expect: '100-continue',
      Upgrade: 'h2c',
      'Proxy-Authorization': 'x',
    };
    const names = pairs(headersOf(body, KEY, custom)).map(([name]) => name);
    expect(names).toEqual([
      'X-A',
      'Authorization',
      'Content-Type',
      'X-Pusher-Key',
      'X-Pusher-Signature',
    ]);
  });
});
