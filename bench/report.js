// @ts-check
import { cpus } from 'node:os';
import { grouped } from './figure.js';

/** @typedef {import('./figure.js').Figure} Figure */
/** @typedef {import('./stage.js').Checks} Checks */

/**
 * @typedef {object} Row
 * @property {string} group
 * @property {string} label
 * @property {string} unit
 * @property {Figure['better']} better
 * @property {Record<string, number[]>} rounds values by target
 * @property {Record<string, number>} best by target
 */

/**
 * @typedef {object} Outcome
 * @property {string[]} targets the first one is what the others are compared with
 * @property {number} rounds
 * @property {{ target: string, figure: Figure }[]} figures of all rounds
 * @property {Record<string, Checks>} checks by target
 * @property {string[]} failures runs that broke off
 * @property {number} otherLoad what else ran on the machine, in cores
 * @property {import('./figure.js').Derived[]} derived figures made of others
 * @property {string} ratioMeaning
 */

const NUMBER_WIDTH = 11;
const ABSENT = '–';

/**
 * One row a figure, with the best of its rounds for each target.
 * @param {Outcome} outcome
 * @returns {Row[]}
 */
export function rowsOf({ figures, derived }) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const { target, figure } of figures) {
    const { value, ...head } = figure;
    const key = head.group + head.label;
    const row = rows.get(key) ?? { ...head, rounds: {}, best: {} };
    rows.set(key, row);
    (row.rounds[target] ??= []).push(value);
    const best = row.best[target] ?? value;
    row.best[target] = head.better === 'higher' ? Math.max(best, value) : Math.min(best, value);
  }
  const all = [...rows.values(), ...derivedRows(rows, derived)];
  const groups = [...new Set(all.map(({ group }) => group))];
  return all.sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
}

/**
 * Best over best, since the best of the quotients would flatter.
 * @param {Map<string, Row>} rows
 * @param {import('./figure.js').Derived[]} derived
 * @returns {Row[]}
 */
function derivedRows(rows, derived) {
  return derived.flatMap(({ group, label, dividend, divisor }) => {
    const over = rows.get(dividend);
    const under = rows.get(divisor);
    if (!over || !under) return [];
    const best = Object.fromEntries(
      Object.entries(over.best).map(([target, value]) => [
        target,
        value / (under.best[target] ?? Number.NaN),
      ]),
    );
    return [{ group, label, unit: '×', better: 'none', rounds: {}, best }];
  });
}

/** @param {Outcome} outcome @returns {string} */
export function table(outcome) {
  const [first = '', ...others] = outcome.targets;
  const rows = rowsOf(outcome);
  const labelWidth = Math.max(40, ...rows.map(({ label, unit }) => label.length + unit.length + 4));
  const best = outcome.rounds === 1 ? 'one round' : `best of ${outcome.rounds} rounds`;
  const headings = [first, ...others.flatMap((name) => [name, 'ratio'])];
  const lines = [best.padEnd(labelWidth) + headings.map(column).join('')];
  let group = '';
  for (const row of rows) {
    if (row.group !== group) lines.push('', row.group);
    group = row.group;
    const cells = [number(row.best[first])];
    for (const other of others) cells.push(number(row.best[other]), ratio(row, first, other));
    const label = `  ${row.label}${row.unit && `, ${row.unit}`}`;
    lines.push(label.padEnd(labelWidth) + cells.map(column).join(''));
  }
  return lines.join('\n');
}

/** What to know beside the table. @param {Outcome} outcome @returns {string} */
export function remarks(outcome) {
  const { targets, checks, failures, otherLoad, ratioMeaning } = outcome;
  const lines = [`ratio: ${ratioMeaning}.`];
  for (const target of targets) {
    const { delivered, lost, duplicated, bad, firstProblem } = checks[target] ?? noDeliveries;
    const problem = firstProblem ? ` (first: ${firstProblem})` : '';
    lines.push(
      `${target}: ${grouped(delivered)} deliveries checked, ${lost} lost, ` +
        `${duplicated} duplicated, ${bad} bad${problem}`,
    );
  }
  const load = (otherLoad * 100).toFixed(0);
  if (otherLoad > 0.25) {
    lines.push(`Other processes kept ${load} % of one core busy: repeat this on a quiet machine.`);
  }
  return [...lines, ...failures.map((failure) => `FAILED ${failure}`)].join('\n');
}

/** @type {Checks} */
const noDeliveries = { delivered: 0, lost: 0, duplicated: 0, bad: 0 };

/**
 * @param {Record<string, Outcome>} outcomes by name
 * @param {import('./options.js').Sizes} sizes
 * @returns {string}
 */
export function json(outcomes, sizes) {
  const machine = {
    node: process.version,
    platform: process.platform,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
  };
  const contents = Object.entries(outcomes).map(([name, outcome]) => {
    const { targets, rounds, checks, failures, otherLoad } = outcome;
    return [name, { targets, rounds, figures: rowsOf(outcome), checks, failures, otherLoad }];
  });
  const content = { machine, sizes, ...Object.fromEntries(contents) };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Whether everything arrived once and right. @param {Outcome} outcome */
export function isFlawless({ checks, failures }) {
  const faults = Object.values(checks).map(({ lost, duplicated, bad }) => lost + duplicated + bad);
  return failures.length === 0 && faults.every((count) => count === 0);
}

/**
 * @param {Row} row
 * @param {string} first
 * @param {string} other
 */
function ratio({ better, best }, first, other) {
  if (better === 'none') return '';
  const ours = best[first] ?? Number.NaN;
  const theirs = best[other] ?? Number.NaN;
  return number(better === 'lower' ? theirs / ours : ours / theirs);
}

/** @param {number | undefined} value */
function number(value) {
  if (value === undefined || !Number.isFinite(value)) return ABSENT;
  if (value >= 1_000) return grouped(value);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** @param {string} text */
function column(text) {
  return text.padStart(NUMBER_WIDTH);
}
