import { useEffect } from 'preact/hooks';
import { formatCount } from '../../format/format.js';
import { applications, loadApplications, pickedApp } from '../../state/applications.js';
import { usePoll } from '../../state/polling.js';

const INTERVAL_MS = 10_000;

/** Which application is looked at. */
export function AppPicker() {
  usePoll('applications', INTERVAL_MS, loadApplications);
  const known = applications.value.applications;
  useEffect(() => {
    if (known.length === 1 && pickedApp.value !== '') {
      pickedApp.value = '';
    }
  }, [known]);
  return (
    <select
      aria-label="Application"
      class="app-picker"
      value={pickedApp.value}
      onChange={(event) => (pickedApp.value = event.currentTarget.value)}
    >
      <option value="">{known.length === 1 ? `App ${known[0]?.id}` : 'All apps'}</option>
      {known.length !== 1 &&
        known.map(({ id, connections }) => (
          <option key={id} value={id}>
            {id} ({formatCount(connections)})
          </option>
        ))}
    </select>
  );
}
