import type { InspectorRecord } from '../../contract.js';
import { LiveRecords } from '../../records/live-records.js';
import { refineTail, tail, tailSearch } from '../../records/tail.js';
import {
  clearTail,
  isPaused,
  shownRecords,
  arrivedWhilePaused,
  togglePause,
} from './tail-state.js';

const CAPACITY = 3;

let live: LiveRecords;

beforeEach(() => {
  live = new LiveRecords({}, CAPACITY);
  tail.value = live;
});

afterEach(() => {
  if (isPaused.value) {
    togglePause();
  }
  tailSearch.value = '';
  refineTail({ channel: '' });
  tail.value = undefined;
  live.end();
});

function happen(...ids: readonly number[]): void {
  const records = ids.map((id): InspectorRecord => ({
    id,
    kind: 'published',
    atMs: id,
    channels: [id % 2 === 0 ? 'even' : 'odd'],
    event: `event-${id}`,
  }));
  live.store.take([{ nodeId: 'a', records, parts: [] }]);
  live.version.value += 1;
}

const shown = (): number[] => shownRecords.value.map(({ record }) => record.id);

describe('a tail that is paused', () => {
  it('shows what it had, although the store has forgotten it', () => {
    happen(1, 2, 3);
    togglePause();
    happen(4, 5, 6, 7);
    expect(shown()).toEqual([1, 2, 3]);
    expect(arrivedWhilePaused.value).toBe(4);
    togglePause();
    expect(shown()).toEqual([5, 6, 7]);
  });

  it('is searched and filtered, and has all of it again afterwards', () => {
    happen(1, 2, 3);
    togglePause();
    tailSearch.value = 'event-2';
    expect(shown()).toEqual([2]);
    happen(4, 5, 6);
    tailSearch.value = '';
    refineTail({ channel: 'odd' });
    expect(shown()).toEqual([1, 3]);
    refineTail({ channel: '' });
    expect(shown()).toEqual([1, 2, 3]);
  });

  it('is empty once it is cleared, and stays so until it runs', () => {
    happen(1, 2);
    togglePause();
    happen(3);
    clearTail();
    happen(4);
    expect(shown()).toEqual([]);
    expect(arrivedWhilePaused.value).toBe(1);
    togglePause();
    expect(shown()).toEqual([4]);
  });
});

describe('a tail that runs', () => {
  it('shows what the store keeps', () => {
    happen(1, 2);
    expect(shown()).toEqual([1, 2]);
    happen(3, 4);
    expect(shown()).toEqual([2, 3, 4]);
    expect(arrivedWhilePaused.value).toBe(0);
  });
});
