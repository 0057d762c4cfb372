import 'reflect-metadata';
import { outliveReaders } from '../process-events.js';
import { SupervisorLink } from './supervisor-link.js';

outliveReaders();
// Before the server is loaded, as a signal may come meanwhile.
const supervisor = new SupervisorLink();
const assignment = await supervisor.assignment;
process.title = `revurb worker ${assignment.number}`;
const { runWorker } = await import('./run-worker.js');
await runWorker(assignment, supervisor);
