// @ts-check
/** The most telling figures as a picture: how much each server costs beside a reference. */
import { rowsOf } from './rows.js';

/** @typedef {import('./rows.js').Outcome} Outcome */

const WIDTH = 760;
const LEFT = 300;
const RIGHT = 60;
const TOP = 84;
const BAR_HEIGHT = 13;
const BAR_GAP = 2;
const ROW_GAP = 12;
/** Longer bars are cut off, so that the others can still be told apart. */
const LONGEST = 3;
const SHORTEST_SCALE = 1.25;

const UNITS = `CPU time, or memory where it says so. Bars beyond ${LONGEST} are cut off.`;
/** Room for a value beside its bar. */
const VALUE_WIDTH = 32;

/** One color a server, told apart by lightness too. */
const COLORS = [
  { light: '#1f6feb', dark: '#58a6ff' },
  { light: '#b35900', dark: '#f0a050' },
  { light: '#7d3fb8', dark: '#c9a0f5' },
  { light: '#2b7a4b', dark: '#6fcf97' },
];

/**
 * @typedef {object} ChartRow
 * @property {string} label
 * @property {{ target: string, times: number }[]} bars cost beside the reference, which is 1
 */

/**
 * Only figures that are better the lower they are, and that both servers have.
 * @param {Pick<Outcome, 'targets' | 'figures' | 'derived'>} outcome
 * @param {string} reference
 * @returns {ChartRow[]}
 */
export function chartRows(outcome, reference) {
  const shown = outcome.targets.filter((target) => target !== reference);
  return rowsOf(outcome).flatMap(({ headline, better, best }) => {
    const one = best[reference] ?? Number.NaN;
    if (headline === undefined || better !== 'lower' || !(one > 0)) return [];
    const bars = shown
      .map((target) => ({ target, times: (best[target] ?? Number.NaN) / one }))
      // Memory may shrink, of which a bar says nothing.
      .filter(({ times }) => times >= 0 && times < Infinity);
    return bars.length === 0 ? [] : [{ label: headline, bars }];
  });
}

/**
 * @param {Pick<Outcome, 'targets' | 'figures' | 'derived'>} outcome
 * @param {string} reference the server the others are compared with
 * @returns {string} SVG
 */
export function chart(outcome, reference) {
  const rows = chartRows(outcome, reference);
  const targets = outcome.targets.filter((target) => target !== reference);
  const times = rows.flatMap(({ bars }) => bars.map((bar) => bar.times));
  const most = Math.min(LONGEST, Math.max(SHORTEST_SCALE, ...times));
  const xOf = (/** @type {number} */ value) =>
    round(LEFT + (Math.max(0, Math.min(value, most)) / most) * (WIDTH - LEFT - RIGHT));
  const rowHeight = targets.length * (BAR_HEIGHT + BAR_GAP) + ROW_GAP;
  const bottom = TOP + ROW_GAP + rows.length * rowHeight;
  const height = bottom + 24;
  const title = `What the same work costs the server: ${reference} is 1, shorter is better`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="description">${escape(description(rows, reference))}</desc>`,
    style(),
    `<text x="16" y="26" class="heading">${escape(title)}</text>`,
    ...legend(targets),
    line(xOf(0), TOP, bottom, 'axis'),
    line(xOf(1), TOP, bottom, 'reference'),
    `<text x="${xOf(1)}" y="${TOP - 6}" text-anchor="middle">${escape(reference)}</text>`,
    ...rows.flatMap((row, index) => drawRow(row, TOP + ROW_GAP + index * rowHeight, targets, xOf)),
    `<text x="${LEFT}" y="${height - 8}" class="value">${UNITS}</text>`,
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/**
 * @param {ChartRow} row
 * @param {number} y
 * @param {string[]} targets
 * @param {(times: number) => number} xOf
 */
function drawRow({ label, bars }, y, targets, xOf) {
  const middle = y + (targets.length * (BAR_HEIGHT + BAR_GAP)) / 2 + 4;
  const parts = [`<text x="${LEFT - 10}" y="${middle}" text-anchor="end">${escape(label)}</text>`];
  for (const { target, times } of bars) {
    const series = targets.indexOf(target);
    const top = y + series * (BAR_HEIGHT + BAR_GAP);
    const end = xOf(times);
    parts.push(
      `<rect x="${xOf(0)}" y="${top}" width="${round(end - xOf(0))}" height="${BAR_HEIGHT}" class="series${series % COLORS.length}"/>`,
      `<text x="${besides(end, xOf(1))}" y="${top + BAR_HEIGHT - 2}" class="value">${times.toFixed(2)}</text>`,
    );
  }
  return parts;
}

/** Where the value of a bar stands, which a line must not cross. @param {number} end @param {number} lineX */
function besides(end, lineX) {
  const isCrossed = lineX > end && lineX < end + 6 + VALUE_WIDTH;
  return round((isCrossed ? lineX : end) + 6);
}

/** @param {string[]} targets */
function legend(targets) {
  return targets.flatMap((target, series) => {
    const x = 16 + series * 120;
    return [
      `<rect x="${x}" y="42" width="12" height="12" class="series${series % COLORS.length}"/>`,
      `<text x="${x + 18}" y="52">${escape(target)}</text>`,
    ];
  });
}

/** For whoever does not see it. @param {ChartRow[]} rows @param {string} reference */
function description(rows, reference) {
  const sentences = rows.map(({ label, bars }) => {
    const costs = bars.map(({ target, times }) => `${target} ${times.toFixed(2)}`);
    return `${label}: ${costs.join(', ')}.`;
  });
  return [`Bars of cost beside ${reference}.`, ...sentences].join(' ');
}

/** An image has no other way to know of the colors around it. */
function style() {
  const series = (/** @type {'light' | 'dark'} */ scheme) =>
    COLORS.map((color, index) => `.series${index} { fill: ${color[scheme]} }`).join(' ');
  return `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .heading { font-weight: 600; font-size: 15px } .value { font-size: 11px }
.axis { stroke: #8c959f } .reference { stroke: #57606a; stroke-dasharray: 4 3 } ${series('light')}
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .axis { stroke: #6e7681 } .reference { stroke: #9198a1 } ${series('dark')}
}
</style>`;
}

/** @param {number} x @param {number} top @param {number} bottom @param {string} kind */
function line(x, top, bottom, kind) {
  return `<line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" class="${kind}"/>`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
