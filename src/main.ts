import 'reflect-metadata';
import { bootstrap } from './bootstrap.js';
import { loadOrExit } from './config/load-or-exit.js';

await bootstrap(loadOrExit());
