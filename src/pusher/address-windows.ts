import ipaddr from 'ipaddr.js';

/** Groups of an IPv6 address that name the network of one customer; the rest is up to whoever lives there. */
const NETWORK_GROUPS = 4;

/** No text of an address is longer, whatever a header holds. */
const LONGEST_TEXT = 45;

interface Window {
  opensAtMs: number;
  used: number;
}

/**
 * Counts what each client address does, in windows of fixed length that open with what happens first.
 * Takes the same short time however many addresses there are, and remembers a fixed number of them: one
 * more, and the window that opened first is forgotten. An IPv6 address counts as its /64.
 */
export class AddressWindows {
  /** The window that opened first stands first. */
  private readonly windows = new Map<string, Window>();

  /**
   * @param limit what an address may take in one window
   * @param maxAddresses how many are remembered
   */
  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
    private readonly maxAddresses: number,
  ) {}

  /** Addresses that are remembered. */
  get size(): number {
    return this.windows.size;
  }

  /** Takes one out of the window of an address. @returns false, and takes nothing, when none is left */
  take(address: string, nowMs: number): boolean {
    const network = networkOf(address);
    this.forgetClosed(nowMs);
    const window = this.windows.get(network);
    if (window === undefined) {
      this.open(network, nowMs);
      return true;
    }
    if (window.used >= this.limit) return false;
    window.used++;
    return true;
  }

  /** How long it takes until something is left for an address; 0: there is something now. */
  waitMs(address: string, nowMs: number): number {
    const window = this.windows.get(networkOf(address));
    if (window === undefined || window.used < this.limit) return 0;
    return Math.max(0, window.opensAtMs + this.windowMs - nowMs);
  }

  private open(network: string, nowMs: number): void {
    if (this.windows.size >= this.maxAddresses) {
      for (const oldest of this.windows.keys()) {
        this.windows.delete(oldest);
        break;
      }
    }
    this.windows.set(network, { opensAtMs: nowMs, used: 1 });
  }

  /** Windows close in the order in which they opened, so whatever is closed stands in front. */
  private forgetClosed(nowMs: number): void {
    for (const [network, { opensAtMs }] of this.windows) {
      if (nowMs - opensAtMs < this.windowMs) return;
      this.windows.delete(network);
    }
  }
}

/** What an address counts as: itself, an IPv6 address its /64, and what is no address its beginning. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address.slice(0, LONGEST_TEXT);
  if (!ipaddr.isValid(address)) return address.slice(0, LONGEST_TEXT);
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  const groups = parsed.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}
