// @ts-check

/** @typedef {import('./figure.js').Figure} Figure */

/**
 * @typedef {object} Checks what was checked, and what was wrong; all but `delivered` must be 0
 * @property {number} delivered
 * @property {number} lost
 * @property {number} duplicated
 * @property {number} bad wrong content, wrong channel, wrong order, failed connections or publishes
 * @property {string} [firstProblem]
 */

/** @returns {Checks} */
export function noChecks() {
  return { delivered: 0, lost: 0, duplicated: 0, bad: 0 };
}

/**
 * @typedef {object} Row
 * @property {string} group
 * @property {string} label
 * @property {string} unit
 * @property {Figure['better']} better
 * @property {string} [headline]
 * @property {Record<string, number[]>} rounds values by target
 * @property {Record<string, number>} best by target
 */

/**
 * @typedef {object} Comparison how targets are compared with the first one
 * @property {string} meaning of a ratio
 * @property {(first: string, other: string) => string} heading of a column of ratios
 */

/**
 * @typedef {object} Outcome
 * @property {string[]} targets the first one is what the others are compared with
 * @property {number} rounds
 * @property {{ target: string, figure: Figure }[]} figures of all rounds
 * @property {Record<string, Checks>} checks by target
 * @property {{ run: string, reason: string }[]} failures runs that broke off
 * @property {number} otherLoad what else ran on the machine, in cores
 * @property {import('./figure.js').Derived[]} derived figures made of others
 * @property {Comparison} comparison
 */

/**
 * One row a figure, with the best of its rounds for each target.
 * @param {Pick<Outcome, 'figures' | 'derived'>} outcome
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

/**
 * How many times better the first is than the other.
 * @param {Row} row
 * @param {string} first
 * @param {string} other
 * @returns {number} NaN when there is nothing to compare
 */
export function ratioOf({ better, best }, first, other) {
  const ours = best[first] ?? Number.NaN;
  const theirs = best[other] ?? Number.NaN;
  // Memory may shrink; then a quotient means nothing.
  if (better === 'none' || !(ours > 0) || !(theirs > 0)) return Number.NaN;
  return better === 'lower' ? theirs / ours : ours / theirs;
}

/** Whether everything arrived once and right. @param {Outcome} outcome */
export function isFlawless({ checks, failures }) {
  const faults = Object.values(checks).map(({ lost, duplicated, bad }) => lost + duplicated + bad);
  return failures.length === 0 && faults.every((count) => count === 0);
}
