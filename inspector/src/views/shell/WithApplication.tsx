import { Fragment, type ComponentChildren } from 'preact';
import { countOf } from '../../format/format.js';
import { EmptyState } from '../../parts/EmptyState.js';
import { applications, appInScope, pickedApp } from '../../state/applications.js';

interface WithApplicationProps {
  readonly title: string;
  readonly children: (appId: string) => ComponentChildren;
}

/** A view of one application; lets one be picked when it is not clear which. */
export function WithApplication({ title, children }: WithApplicationProps) {
  const appId = appInScope.value;
  if (appId !== undefined) {
    // Nothing of one application stays when another is picked.
    return <Fragment key={appId}>{children(appId)}</Fragment>;
  }
  if (applications.value.applications.length === 0) {
    return (
      <>
        <h1>{title}</h1>
        <p class="muted" role="status">
          No application is known yet.
        </p>
      </>
    );
  }
  return (
    <>
      <h1>{title}</h1>
      <EmptyState title="Which application?">
        <p>This is looked at for one application at a time.</p>
        <ul class="choices">
          {applications.value.applications.map(({ id, connections }) => (
            <li key={id}>
              <button type="button" onClick={() => (pickedApp.value = id)}>
                {id} · {countOf(connections, 'connection')}
              </button>
            </li>
          ))}
        </ul>
      </EmptyState>
    </>
  );
}
