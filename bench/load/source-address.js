// @ts-check
import { readFileSync } from 'node:fs';

const PORTS_PER_ADDRESS = ephemeralPorts() / 2;

/**
 * One address has only so many ephemeral ports towards one server port. Linux answers to all of
 * 127.0.0.0/8, so the connections beyond half of them come from 127.0.0.2 and on.
 * @param {number} index
 * @param {string} host
 */
export function sourceAddress(index, host) {
  const address = Math.floor(index / PORTS_PER_ADDRESS);
  return address > 0 && host === '127.0.0.1' ? `127.0.0.${address + 1}` : undefined;
}

function ephemeralPorts() {
  if (process.platform !== 'linux') return Infinity;
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim();
  const [from = 0, to = 0] = range.split(/\s+/).map(Number);
  return to - from;
}
