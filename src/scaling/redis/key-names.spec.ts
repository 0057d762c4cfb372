import { KeyNames, readRosterName, writeRosterName } from './key-names.js';

const keys = new KeyNames('prefix');
const tagOf = (key: string) => /\{([^}]+)\}/.exec(key)![1];

describe('The keys', () => {
  const roster = keys.roster({ appId: 'app', channel: 'presence-a' });
  const users = keys.roster({ appId: 'app', channel: undefined });
  const node = keys.node('0123');
  const families = {
    registry: keys.registry,
    roster: [roster.state, roster.members, roster.holders, roster.own('0123')],
    users: [users.state, users.holders, users.leaving, users.claimed, users.own('0123')],
    node: [node.epoch, node.rosters, node.applications, node.subscriptions('app')],
    connections: [keys.connections('app')],
    event: [keys.event('app', 'cache-a')],
    answer: [keys.answer('app', 'key')],
    bucket: [keys.bucket('app', 'bucket')],
  };

  it('begin with the prefix, and are all different', () => {
    const all = Object.values(families).flat();
    for (const key of all) expect(key.startsWith('prefix:{')).toBe(true);
    expect(new Set(all).size).toBe(all.length);
  });

  it('of one family are served by one node of a Cluster', () => {
    const tags = Object.values(families).map((family) => new Set(family.map(tagOf)));
    expect(tags.map(({ size }) => size)).toEqual(tags.map(() => 1));
    expect(new Set(tags.map(([tag]) => tag)).size).toBe(tags.length);
  });

  it('of different channels and applications are different', () => {
    const names = [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'b'],
    ].map(([appId, channel]) => keys.roster({ appId: appId!, channel }).state);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('The name of a roster', () => {
  it('can be read again', () => {
    for (const name of [
      { appId: 'app', channel: 'presence-a' },
      { appId: 'app', channel: undefined },
    ]) {
      expect(readRosterName(writeRosterName(name))).toEqual(name);
    }
  });
});
