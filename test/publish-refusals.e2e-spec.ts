import { api, expectRefusal, publishTo, startServerFor } from './harness/api.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';
import { sharedServer } from './harness/shared-server.js';
import { startServer } from './harness/test-server.js';

afterEach(closeAll);

const GOOD = { name: 'e', channel: 'c', data: 'd' };
const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

describe('a publish that is not right is refused with 400 and a sentence that names the field', () => {
  const bodies: readonly [string, unknown, RegExp | string][] = [
    ['nothing', '', /JSON/],
    ['no JSON', 'name=e&channel=c', /JSON/],
    ['broken JSON', '{"name":"e"', /JSON/],
    ['JSON with a byte order mark', `\ufeff${JSON.stringify(GOOD)}`, /JSON/],
    ['two JSON values', '{}{}', /JSON/],
    ['null', 'null', /JSON object/],
    ['a list', '[]', /JSON object/],
    ['a string', '"{}"', /JSON object/],
    ['a number', '7', /JSON object/],
    ['no fields', '{}', /^name/],
    ['no name', { ...GOOD, name: undefined }, /^name/],
    ['name null', { ...GOOD, name: null }, /^name/],
    ['name a number', { ...GOOD, name: 5 }, /^name/],
    ['name empty', { ...GOOD, name: '' }, /^name/],
    ['name of 201 characters', { ...GOOD, name: 'x'.repeat(201) }, /^name.* 200 /],
    ['no data', { ...GOOD, data: undefined }, /^data/],
    ['no channel', { ...GOOD, channel: undefined }, /^channels or channel/],
    ['channel null', { ...GOOD, channel: null }, /^channels or channel/],
    ['channel a number', { ...GOOD, channel: 5 }, /^channel/],
    ['channel a list', { ...GOOD, channel: ['c'] }, /^channel/],
    ['channels a string', { ...GOOD, channels: 'c' }, /^.*channels/],
    ['channels an object', { ...GOOD, channels: { 0: 'c', length: 1 } }, /channels/],
    ['channels empty', { ...GOOD, channels: [] }, /channels/],
    ['channels with a number', { ...GOOD, channels: ['c', 1] }, /channels/],
    ['channels with null', { ...GOOD, channels: [null] }, /channels/],
    ['101 channels', { ...GOOD, channels: names(101) }, /^channels.* 100 /],
    ['one bad name among channels', { ...GOOD, channels: ['c', 'b ad'] }, /"b ad"/],
    ['socket_id a word', { ...GOOD, socket_id: 'abc' }, /^socket_id/],
    ['socket_id empty', { ...GOOD, socket_id: '' }, /^socket_id/],
    ['socket_id a number', { ...GOOD, socket_id: 1.1 }, /^socket_id/],
    ['socket_id with three parts', { ...GOOD, socket_id: '1.2.3' }, /^socket_id/],
    ['socket_id with a line end', { ...GOOD, socket_id: '1.2\n' }, /^socket_id/],
    ['info a number', { ...GOOD, info: 5 }, /^info/],
    ['info a list', { ...GOOD, info: ['user_count'] }, /^info/],
    ['data nested beyond reason', deep(60_000), /^data/],
    ['a forged prototype', '{"__proto__":{"name":"e","channel":"c","data":"d"}}', /^name/],
    ['a forged constructor', '{"constructor":{"prototype":{}},"data":"d","channel":"c"}', /^name/],
  ];

  it.each(bodies)('%s', async (_, body, sentence) => {
    const server = await startServer();
    const client = await PusherClient.connect(server);
    await client.subscribe('c');
    expectRefusal(await api(server, 'POST', 'events', { body }), 400, sentence);
    await publishTo(server, 'c', { name: 'after' }).expect(200, {});
    await client.expectFrame('after');
    expect(client.framesLike('e')).toEqual([]);
    expect(server.logs.of('error')).toEqual([]);
  });

  const channels = ['', ' ', 'a b', 'a/b', 'a:b', 'a#b', '#', '#c', 'ä', 'a\n', 'a\u0000', 'a%20b'];
  const users = ['#server-to-user-', '#server-to-user-a b', `#server-to-user-${'x'.repeat(129)}`];
  it.each([...channels, ...users, 'c'.repeat(201), 'c'.repeat(100_000)].map((name) => [name]))(
    'a channel named %j',
    async (channel) => {
      const server = await sharedServer();
      const response = await publishTo(server, channel);
      expectRefusal(response, 400, /^channel ".*" is not a channel name: 1 to 200 characters/s);
      expect(response.text.length).toBeLessThan(300);
    },
  );

  it('with the limits the application sets', async () => {
    const server = await startServerFor({
      max_event_name_length: 5,
      max_channel_name_length: 6,
      max_event_channels: 2,
    });
    await publishTo(server, '123456', { name: '12345' }).expect(200, {});
    await publishTo(server, '', { channels: ['a', 'b'] }).expect(200, {});
    expectRefusal(await publishTo(server, 'c', { name: '123456' }), 400, /^name.* 5 /);
    expectRefusal(await publishTo(server, '1234567'), 400, /^channel.* 6 /);
    expectRefusal(await publishTo(server, '', { channels: names(3) }), 400, /^channels.* 2 /);
  });

  it('fields named as what every object has do no harm', async () => {
    const server = await startServer();
    for (const name of ['constructor', '__proto__', 'hasOwnProperty', 'toString', 'valueOf']) {
      for (const value of ['null', '1', '{}', '[]', '"x"', '{"prototype":null}']) {
        const body = `{"name":"e","channel":"c","data":"d","${name}":${value}}`;
        await api(server, 'POST', 'events', { body }).expect(200, {});
      }
    }
    expect(server.logs.of('error')).toEqual([]);
  });
});

/** A publish whose data is so many lists in each other. */
function deep(levels: number): string {
  return `{"name":"e","channel":"c","data":${'['.repeat(levels)}${']'.repeat(levels)}}`;
}
