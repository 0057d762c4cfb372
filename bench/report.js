// @ts-check
import { grouped } from './figure.js';
import { noChecks, ratioOf, rowsOf } from './rows.js';

/** @typedef {import('./rows.js').Outcome} Outcome */
/** @typedef {import('./rows.js').Row} Row */

const NUMBER_WIDTH = 11;
const ABSENT = '–';
/** Cores that others may keep busy without a remark. */
const TOLERATED_LOAD = 0.25;

/** @param {Outcome} outcome @returns {string} for a terminal */
export function table(outcome) {
  const [first = '', ...others] = outcome.targets;
  const rows = rowsOf(outcome);
  const labelWidth = Math.max(40, ...rows.map((row) => labelOf(row).length + 4));
  const headings = [first, ...others.flatMap((name) => [name, 'ratio'])];
  const lines = [roundsOf(outcome).padEnd(labelWidth) + headings.map(column).join('')];
  let group = '';
  for (const row of rows) {
    if (row.group !== group) lines.push('', row.group);
    group = row.group;
    const cells = [number(row.best[first])];
    for (const other of others) cells.push(number(row.best[other]), ratio(row, first, other));
    lines.push(`  ${labelOf(row)}`.padEnd(labelWidth) + cells.map(column).join(''));
  }
  return lines.join('\n');
}

/** What to know beside the table. @param {Outcome} outcome @returns {string} */
export function remarks(outcome) {
  const { targets, checks, failures, otherLoad, comparison } = outcome;
  const lines = [`ratio: ${comparison.meaning}.`];
  for (const target of targets) {
    const { firstProblem } = checks[target] ?? noChecks();
    lines.push(checkLine(outcome, target) + (firstProblem ? ` (first: ${firstProblem})` : ''));
  }
  if (otherLoad > TOLERATED_LOAD) {
    lines.push(`${loadLine(outcome)}: repeat this on a quiet machine.`);
  }
  for (const { run, reason } of failures) lines.push(`FAILED ${run}: ${reason}`);
  return lines.join('\n');
}

/** What was checked. @param {Outcome} outcome @param {string} target */
export function checkLine({ checks }, target) {
  const { delivered, lost, duplicated, bad } = checks[target] ?? noChecks();
  return (
    `${target}: ${grouped(delivered)} deliveries checked, ${lost} lost, ` +
    `${duplicated} duplicated, ${bad} bad`
  );
}

/** @param {Outcome} outcome */
export function loadLine({ otherLoad }) {
  return `Other processes kept ${(otherLoad * 100).toFixed(0)} % of one core busy`;
}

/** @param {Outcome} outcome */
export function roundsOf({ rounds }) {
  return rounds === 1 ? 'one round' : `best of ${rounds} rounds`;
}

/** @param {Row} row */
export function labelOf({ label, unit }) {
  return `${label}${unit && `, ${unit}`}`;
}

/**
 * @param {Record<string, Outcome>} outcomes by name
 * @param {import('./sizes.js').Sizes} sizes
 * @param {import('./machine.js').Machine} machine
 * @returns {string}
 */
export function json(outcomes, sizes, machine) {
  const contents = Object.entries(outcomes).map(([name, outcome]) => {
    const { targets, rounds, checks, failures, otherLoad } = outcome;
    return [name, { targets, rounds, figures: rowsOf(outcome), checks, failures, otherLoad }];
  });
  const content = { machine, sizes, ...Object.fromEntries(contents) };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/**
 * @param {Row} row
 * @param {string} first
 * @param {string} other
 */
export function ratio(row, first, other) {
  return row.better === 'none' ? '' : number(ratioOf(row, first, other));
}

/** In three digits, or all of them; a count as it is. @param {number | undefined} value */
export function number(value) {
  if (value === undefined || !Number.isFinite(value)) return ABSENT;
  if (value >= 1_000 || Number.isInteger(value)) return grouped(value);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** @param {string} text */
function column(text) {
  return text.padStart(NUMBER_WIDTH);
}
