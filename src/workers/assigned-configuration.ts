import {
  loadConfiguration,
  type ApplicationFileContent,
  type LoadedConfiguration,
} from '../config/load-configuration.js';
import type { SupervisorLink } from './supervisor-link.js';
import type { WorkerAssignment } from './worker-message.js';

/**
 * The configuration of a worker: what the supervisor has read and checked, and none of its warnings,
 * which were told. Limits of the whole server are divided.
 */
export function assignedConfiguration(
  { environment, applications, number, count, bus }: WorkerAssignment,
  supervisor: SupervisorLink,
): LoadedConfiguration {
  const loaded = loadConfiguration({
    env: environment,
    envFilePath: null,
    ...(applications !== undefined && {
      applicationFile: contentFrom(supervisor, applications),
    }),
  });
  const { pusher, scaling } = loaded.configuration;
  return {
    ...loaded,
    configuration: {
      ...loaded.configuration,
      warnings: [],
      pusher: { ...pusher, maxConnections: shareOf(pusher.maxConnections, number, count) },
      scaling: { ...scaling, workerBus: bus },
    },
  };
}

/** It may have changed since the assignment, and may change again before somebody watches. */
function contentFrom(supervisor: SupervisorLink, assigned: string): ApplicationFileContent {
  const content = supervisor.changedApplications ?? assigned;
  return {
    content,
    watch: (replace) => {
      supervisor.listen({ onApplications: (message) => replace(message.content) });
      const latest = supervisor.changedApplications ?? assigned;
      if (latest !== content) replace(latest);
      return () => supervisor.listen({ onApplications: () => undefined });
    },
  };
}

/** What one of several workers may have of a limit of the whole server; 0 is no limit. */
export function shareOf(limit: number, number: number, count: number): number {
  if (limit === 0) return 0;
  const share = Math.floor(limit / count) + (number <= limit % count ? 1 : 0);
  return Math.max(1, share);
}
