// @ts-check
import { cpus, release, totalmem, type } from 'node:os';

/**
 * What figures depend on.
 * @typedef {object} Machine
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryGigabytes
 * @property {string} system
 * @property {string} node
 * @property {string} date
 */

const BYTES_PER_GIGABYTE = 2 ** 30;

/** @returns {Machine} this one, today */
export function describeMachine() {
  return {
    // It stands in Markdown: some models have marks in their names.
    processor: (cpus()[0]?.model ?? 'unknown').replace(/[^\w ().,@/+-]/g, '').trim(),
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / BYTES_PER_GIGABYTE),
    // Without what a distribution adds.
    system: `${type()} ${/^[\d.]*/.exec(release())?.[0]}, ${process.arch}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}
