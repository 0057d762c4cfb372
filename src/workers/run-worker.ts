import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startListening } from '../listening-server.js';
import { MetricsPage } from '../metrics/page/metrics-page.js';
import { ClusterService } from '../scaling/cluster.service.js';
import { WorkerLink } from '../scaling/workers/worker-link.js';
import { ServerLogger } from '../server-logger.js';
import { assignedConfiguration } from './assigned-configuration.js';
import { Departure } from './departure.js';
import { SiblingPages } from './sibling-pages.js';
import type { SupervisorLink } from './supervisor-link.js';
import type { ConfigurationMessage, WorkerAssignment } from './worker-message.js';

/** How long the supervisor may take to end a worker that cannot start. */
const END_MS = 2_000;

/**
 * Runs one of several servers on a port, until its supervisor, a signal or the end of the supervisor
 * stops it. A start that fails is told to the supervisor, which ends the process.
 */
export async function runWorker(
  assignment: WorkerAssignment,
  supervisor: SupervisorLink,
): Promise<void> {
  try {
    const loaded = assignedConfiguration(assignment, supervisor);
    const logger = new ServerLogger(loaded.configuration.log, assignment.number);
    Logger.overrideLogger(logger);
    const server = await startListening(loaded, logger, (app) => {
      departWhenAsked(app, supervisor);
      const page = app.get(MetricsPage);
      page.shareWith(new SiblingPages(assignment.number, supervisor, page));
    });
    followSupervisor(supervisor, ({ environment, applications }) => {
      const next = assignedConfiguration({ ...assignment, environment, applications }, supervisor);
      server.follow(next);
      logger.setLevel(next.configuration.log.level);
    });
    await supervisor.tell({ type: 'listening', port: server.port });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void supervisor.tell({ type: 'fault', reason });
    setTimeout(() => process.exit(1), END_MS);
  }
}

/** What the supervisor has found good may be so no more, as files change. */
function followSupervisor(
  supervisor: SupervisorLink,
  follow: (message: ConfigurationMessage) => void,
): void {
  const onConfiguration = (message: ConfigurationMessage) => {
    try {
      follow(message);
    } catch (error) {
      new Logger('Reload').error(
        'This worker could not follow; the old configuration stays.',
        error,
      );
    }
  };
  supervisor.listen({ onConfiguration });
  const { changedConfiguration } = supervisor;
  if (changedConfiguration !== undefined) onConfiguration(changedConfiguration);
}

function departWhenAsked(app: NestFastifyApplication, supervisor: SupervisorLink): void {
  const departure = new Departure(app, supervisor);
  supervisor.listen({
    onStop: ({ isAlone }) => (isAlone ? departure.beginAlone() : departure.begin()),
    onSignal: (signal) => departure.announce(signal),
    onOrphaned: () => {
      new Logger('Server').warn('The supervisor is gone: the worker is closing');
      departure.begin();
    },
  });
  // What the others do is no longer heard here, nor what is done here by them.
  app.get(WorkerLink).onLost(() => departure.abandon('it has lost touch with the others'));
  app
    .get(ClusterService)
    .listen({ onRestart: () => departure.announce('a restart was asked for') });
}
