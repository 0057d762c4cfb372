// @ts-check
/** The figures as Markdown, as Prettier would write it, and where they go in a page. */
import { existsSync, readFileSync } from 'node:fs';
import { checkLine, labelOf, loadLine, number, ratio, roundsOf } from './report.js';
import { rowsOf } from './rows.js';

/** @typedef {import('./rows.js').Outcome} Outcome */

const [BEGIN, END] = ['<!-- figures: begin -->', '<!-- figures: end -->'];
/** What is between them is written by the benchmark. */
export const PAGE_MARKS = [BEGIN, END];
const NARROWEST = 3;

/** Whether figures can be put into the file: it has the marks, or is not there yet. @param {string} file */
export function isPage(file) {
  if (!existsSync(file)) return true;
  const text = readFileSync(file, 'utf8');
  return text.includes(BEGIN) && text.indexOf(END) > text.indexOf(BEGIN);
}

/**
 * @param {string | undefined} page as it was, undefined when there was none
 * @param {string} figures
 * @returns {string} the page with these figures in place of the old ones
 */
export function withFigures(page = `# Performance\n\n${BEGIN}\n${END}\n`, figures) {
  const before = page.slice(0, page.indexOf(BEGIN) + BEGIN.length);
  return `${before}\n\n${figures}\n\n${page.slice(page.indexOf(END))}`;
}

/**
 * @param {Record<string, Outcome>} outcomes by heading
 * @param {import('./machine.js').Machine} machine
 * @param {string} command that measured them
 * @returns {string} Markdown
 */
export function figuresPage(outcomes, machine, command) {
  const sections = Object.entries(outcomes).flatMap(([heading, outcome]) => [
    `### ${heading}`,
    markdownTable(outcome),
    remarksOf(outcome),
  ]);
  return [machineTable(machine), `Measured by \`${command}\`.`, ...sections].join('\n\n');
}

/** @param {Outcome} outcome */
function remarksOf(outcome) {
  const lines = [
    ...outcome.targets.map((target) => checkLine(outcome, target)),
    loadLine(outcome),
    ...outcome.failures.map(({ run }) => `FAILED ${run}`),
  ];
  return lines.map((line) => `- ${line}.`).join('\n');
}

/** @param {import('./machine.js').Machine} machine */
function machineTable({ processor, cores, memoryGigabytes, system, node, date }) {
  return aligned(
    [
      ['Machine', ''],
      ['Processor', `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}`],
      ['Memory', `${memoryGigabytes} GB`],
      ['System', system],
      ['Node', node],
      ['Date', date],
    ],
    2,
  );
}

/** Ratios first, for the rest depends on the machine. @param {Outcome} outcome */
function markdownTable(outcome) {
  const [first = '', ...others] = outcome.targets;
  const ratios = others.map((other) => outcome.comparison.heading(first, other));
  const lines = [[capital(roundsOf(outcome)), ...ratios, ...outcome.targets]];
  let group = '';
  for (const row of rowsOf(outcome)) {
    if (row.group !== group)
      lines.push([`**${row.group}**`, ...outcome.targets, ...others].fill('', 1));
    group = row.group;
    lines.push([
      labelOf(row),
      ...others.map((other) => ratio(row, first, other)),
      ...outcome.targets.map((target) => number(row.best[target])),
    ]);
  }
  return aligned(lines, 1);
}

/**
 * @param {string[][]} lines
 * @param {number} left columns that are aligned left; the others are numbers
 */
function aligned(lines, left) {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(NARROWEST, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const [head = '', ...body] = lines.map((line) => {
    const cells = line.map((cell, column) =>
      column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((width, column) =>
    column < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [head, `| ${rule.join(' | ')} |`, ...body].join('\n');
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
