import { createHmac, hkdfSync, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { InspectorOptions } from '../inspector.options.js';

/** What a cookie says, once its seal was found good. */
export interface SessionTicket {
  /** Who signed in, as they called themselves. */
  readonly name: string;
  readonly expiresAtMs: number;
  /** Unlike that of any other ticket. */
  readonly nonce: string;
}

const SALT = 'revurb inspector';
const KEY_SIZE = 32;

/**
 * Keys that all nodes with the same secrets have: so a session holds on each of them, behind a load
 * balancer too, and ends with a change of the password. Slow, once, so that nobody who has seen a cookie
 * can try passwords quickly.
 */
export function masterKeyOf({ password, token }: InspectorOptions): Buffer {
  return scryptSync(JSON.stringify([password, token]), SALT, KEY_SIZE);
}

/** A key for one purpose. */
export function keyFor(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, SALT, purpose, KEY_SIZE));
}

/** Makes tickets that nobody else can make, and reads them. Nothing is kept, so nothing has to be shared. */
export class SessionSeal {
  private readonly cookieKey: Buffer;
  private readonly csrfKey: Buffer;
  /** Nodes with other secrets have another, as browsers give a cookie to every port of a host. */
  readonly cookieName: string;

  constructor(masterKey: Buffer) {
    this.cookieKey = keyFor(masterKey, 'cookie');
    this.csrfKey = keyFor(masterKey, 'csrf');
    const mark = keyFor(masterKey, 'cookie name').toString('hex').slice(0, 8);
    this.cookieName = `revurb_inspector_${mark}`;
  }

  issue(name: string, expiresAtMs: number): SessionTicket {
    return { name, expiresAtMs, nonce: randomBytes(16).toString('base64url') };
  }

  /** The value of the cookie. */
  seal(ticket: SessionTicket): string {
    const content = Buffer.from(JSON.stringify(ticket)).toString('base64url');
    return `${content}.${macOf(this.cookieKey, content)}`;
  }

  /** The ticket in a `Cookie` header, if there is one that is good and has not expired. Never throws. */
  open(cookieHeader: string | undefined, nowMs: number): SessionTicket | undefined {
    for (const pair of (cookieHeader ?? '').split(';')) {
      const [name, value = ''] = pair.trim().split('=', 2);
      if (name !== this.cookieName) continue;
      const ticket = this.read(value);
      if (ticket !== undefined && ticket.expiresAtMs > nowMs) return ticket;
    }
    return undefined;
  }

  /** What a page that is not ours cannot know. */
  csrfOf({ nonce }: SessionTicket): string {
    return macOf(this.csrfKey, nonce);
  }

  isCsrfOf(ticket: SessionTicket, given: string): boolean {
    return isSame(given, this.csrfOf(ticket));
  }

  private read(value: string): SessionTicket | undefined {
    const [content = '', mac = ''] = value.split('.', 2);
    if (!isSame(mac, macOf(this.cookieKey, content))) return undefined;
    // Whoever could seal it has made it whole.
    return JSON.parse(Buffer.from(content, 'base64url').toString()) as SessionTicket;
  }
}

function macOf(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Takes as long wherever the two differ. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
