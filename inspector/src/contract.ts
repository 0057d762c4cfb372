export type * from '../../src/inspector/contract.js';
