import 'reflect-metadata';
import { loadOrExit } from './config/load-or-exit.js';
import { run } from './run.js';

await run(loadOrExit());
