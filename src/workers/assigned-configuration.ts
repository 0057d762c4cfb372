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
  { environment, applications, count, bus }: WorkerAssignment,
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
      pusher: { ...pusher, maxConnections: Math.ceil(pusher.maxConnections / count) },
      scaling: { ...scaling, workerBus: bus },
    },
  };
}

/** A content may come before somebody watches. */
function contentFrom(supervisor: SupervisorLink, content: string): ApplicationFileContent {
  let latest = content;
  supervisor.listen({ onApplications: (message) => (latest = message.content) });
  return {
    content,
    watch: (replace) => {
      supervisor.listen({ onApplications: (message) => replace(message.content) });
      if (latest !== content) replace(latest);
      return () => supervisor.listen({ onApplications: () => undefined });
    },
  };
}
