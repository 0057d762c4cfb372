// @ts-check

/**
 * @typedef {object} Figure
 * @property {string} group heading it stands under
 * @property {string} label
 * @property {string} unit
 * @property {'lower' | 'higher' | 'none'} better 'none' when there is nothing to compare
 * @property {number} value NaN when it could not be measured
 * @property {string} [headline] what it is called where only the most telling figures stand
 */

/**
 * @typedef {object} Derived one best figure over another
 * @property {string} group
 * @property {string} label
 * @property {string} dividend group and label of a figure
 * @property {string} divisor group and label of a figure
 */

/**
 * A figure that is better the lower it is.
 * @param {string} group
 * @param {string} label
 * @param {string} unit
 * @param {number} value
 * @param {string} [headline]
 * @returns {Figure}
 */
export function cost(group, label, unit, value, headline) {
  return { group, label, unit, better: 'lower', value, ...(headline && { headline }) };
}

/**
 * A figure that is better the higher it is.
 * @param {string} group
 * @param {string} label
 * @param {string} unit
 * @param {number} value
 * @returns {Figure}
 */
export function gain(group, label, unit, value) {
  return { group, label, unit, better: 'higher', value };
}

/**
 * A figure that explains another one.
 * @param {string} group
 * @param {string} label
 * @param {string} unit
 * @param {number} value
 * @returns {Figure}
 */
export function remark(group, label, unit, value) {
  return { group, label, unit, better: 'none', value };
}

/** @param {number} count */
export function grouped(count) {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ');
}
