import { assignedConfiguration, shareOf } from './assigned-configuration.js';
import type { SupervisorLink, SupervisorListeners } from './supervisor-link.js';
import type { WorkerAssignment } from './worker-message.js';

const applications = (...ids: readonly string[]) =>
  JSON.stringify(ids.map((app_id) => ({ app_id, key: `key-${app_id}`, secret: 's' })));

const assignment = (content: string): WorkerAssignment => ({
  type: 'assignment',
  number: 1,
  count: 2,
  environment: { REVERB_APPS_FILE: '/nowhere/applications.json', REVERB_MAX_CONNECTIONS: '3' },
  applications: content,
});

/** What a supervisor has said, and may say. */
function supervisorThatSaid(changedApplications?: string) {
  let listeners: Partial<SupervisorListeners> = {};
  const link = {
    changedApplications,
    listen: (added: Partial<SupervisorListeners>) => (listeners = { ...listeners, ...added }),
  };
  const say = (content: string) => {
    link.changedApplications = content;
    listeners.onApplications?.({ type: 'applications', content });
  };
  return { link: link as unknown as SupervisorLink, say };
}

describe('The applications of a worker', () => {
  const idsOf = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

  it('are those it was assigned', () => {
    const { link } = supervisorThatSaid();
    const { configuration } = assignedConfiguration(assignment(applications('1')), link);
    expect(idsOf(configuration.applications)).toEqual(['1']);
    expect(configuration.pusher.maxConnections).toBe(2);
  });

  it('are the newer ones, should they have changed before it was there', () => {
    const { link } = supervisorThatSaid(applications('1', '2'));
    const { configuration } = assignedConfiguration(assignment(applications('1')), link);
    expect(idsOf(configuration.applications)).toEqual(['1', '2']);
  });

  it('change when it watches, also by what came before', () => {
    const { link, say } = supervisorThatSaid();
    const { applicationsOptions } = assignedConfiguration(assignment(applications('1')), link);
    say(applications('2'));
    const seen: string[][] = [];
    const stop = applicationsOptions.watch!((list) => seen.push(idsOf(list)));
    say(applications('3'));
    stop();
    say(applications('4'));
    expect(seen).toEqual([['2'], ['3']]);
  });
});

describe('The share of a worker in a limit', () => {
  it.each([
    [0, 4],
    [1, 4],
    [3, 2],
    [8, 3],
    [1000, 7],
  ])('of %d among %d adds up, one at least, and no limit stays none', (limit, count) => {
    const shares = Array.from({ length: count }, (_, i) => shareOf(limit, i + 1, count));
    const sum = shares.reduce((total, share) => total + share, 0);
    expect(sum).toBe(limit === 0 ? 0 : Math.max(limit, count));
  });
});
