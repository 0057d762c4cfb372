import { useEffect, useState } from 'preact/hooks';
import type { WatchFilter } from '../contract.js';
import { LiveRecords } from './live-records.js';

const CAPACITY = 1000;

/** A watch of its own, for as long as the component is there. */
export function useLiveRecords(filter: WatchFilter): LiveRecords | undefined {
  const [live, setLive] = useState<LiveRecords | undefined>(undefined);
  const wanted = JSON.stringify(filter);
  useEffect(() => {
    const created = new LiveRecords(JSON.parse(wanted) as WatchFilter, CAPACITY);
    setLive(created);
    return () => created.end();
  }, [wanted]);
  return live;
}
