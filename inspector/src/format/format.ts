const NARROW_SPACE = '\u202f';
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A whole number, in groups of three: `12 345`. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** A number with as many decimals as are worth reading. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) {
    return formatCount(value);
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2).replace(/\.?0+$/, '');
}

/** Bytes in the largest unit of 1024 that leaves at least 1. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? formatCount(value) : formatNumber(value)} ${BYTE_UNITS[unit]}`;
}

function inTwoUnits(total: number, per: number, units: readonly [string, string]): string {
  const large = Math.floor(total / per);
  const small = Math.floor(total % per);
  return small === 0 ? `${large} ${units[0]}` : `${large} ${units[0]} ${small} ${units[1]}`;
}

/** A duration in at most two units; never below zero. */
export function formatDuration(ms: number): string {
  const atLeastZero = Math.max(0, ms);
  const seconds = atLeastZero / 1000;
  if (seconds < 1) {
    return `${formatNumber(Number(atLeastZero.toPrecision(3)))} ms`;
  }
  if (seconds < 60) {
    return `${formatNumber(Math.floor(seconds * 10) / 10)} s`;
  }
  if (seconds < 3600) {
    return inTwoUnits(seconds, 60, ['min', 's']);
  }
  if (seconds < 86_400) {
    return inTwoUnits(seconds / 60, 60, ['h', 'min']);
  }
  return inTwoUnits(seconds / 3600, 24, ['d', 'h']);
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}

/** The time of day where the reader is, to the second. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** The time of day where the reader is, to the millisecond. */
export function formatTime(atMs: number): string {
  const milliseconds = new Date(atMs).getMilliseconds().toString().padStart(3, '0');
  return `${formatClock(atMs)}.${milliseconds}`;
}

/** Day and time of day where the reader is. */
export function formatMoment(atMs: number): string {
  const at = new Date(atMs);
  const day = [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join('-');
  return `${day} ${formatTime(atMs)}`;
}

/** A share as a percentage. */
export function formatShare(share: number): string {
  return `${formatNumber(Math.round(share * 1000) / 10)} %`;
}

/** `1 socket`, `2 sockets`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
