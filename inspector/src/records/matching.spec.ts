import type { InspectorRecord } from '../contract.js';
import { searchMatcher } from './matching.js';

const RECORD: InspectorRecord = {
  id: 1,
  kind: 'published',
  atMs: 0,
  appId: 'shop',
  channels: ['news', 'private-orders.7'],
  event: 'App\\Events\\Shipped',
  userId: '12',
  socketId: '1.2',
  data: '{"text":"Hello (world)"}',
};

describe('a search finds all of its words, anywhere', () => {
  it.each([
    ['', true],
    ['  ', true],
    ['ORDERS hello', true],
    ['orders absent', false],
    ['(world)', true],
    ['Events\\Ship', true],
    ['published', true],
    ['.*', false],
  ])('%s: %s', (text, isFound) => expect(searchMatcher(text)(RECORD)).toBe(isFound));
});
