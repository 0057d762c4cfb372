import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { createApplication, type Application } from '../../applications/application.js';
import { packageVersion } from '../../package-version.js';
import { ClientAddress } from '../../pusher/client-address.js';
import { Handshake } from '../../pusher/handshake.js';
import { badRequest, forbidden, unauthorized } from '../../pusher/http/api-error.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../../pusher/pusher.options.js';
import { channelStringToSign, sign } from '../../pusher/protocol/signature.js';
import { ClusterService } from '../../scaling/cluster.service.js';
import type { SignedIn, SignedOut } from '../contract.js';
import { isFeedChannel, INSPECTOR_APP_ID, INSPECTOR_APP_KEY } from '../feed-channel.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';
import { MAX_NAME_LENGTH, MAX_PAGE_WATCHES } from '../limits.js';
import { keyFor, masterKeyOf, SessionSeal, type SessionTicket } from './session-seal.js';

const CSRF_HEADER = 'x-revurb-csrf';
/** How long a connection may do without a subscription, which only who is signed in can have. */
const AUTHORIZATION_TIMEOUT_SECONDS = 10;
/** As many channels as a page may have watches, and time for those that end. */
const MAX_SUBSCRIPTIONS = 2 * MAX_PAGE_WATCHES;
/** What a page sends is a subscription now and then, whose frame is short. */
const MAX_MESSAGE_SIZE = 2_000;
const MESSAGES = { enabled: true, maxAttempts: 100, decaySeconds: 10, terminateOnLimit: true };
/** What would break a line of a log, or be obeyed by a terminal. */
const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]/gu;

/** Who may look, and at what. */
@Injectable()
export class InspectorAccess implements OnModuleInit {
  private made: { readonly seal: SessionSeal; readonly application: Application } | undefined;

  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
    @Inject(PUSHER_OPTIONS) private readonly pusher: PusherOptions,
    private readonly clients: ClientAddress,
    private readonly cluster: ClusterService,
    private readonly handshake: Handshake,
  ) {}

  onModuleInit(): void {
    if (!this.options.enabled) return;
    this.handshake.reserve(INSPECTOR_APP_KEY, () => this.keys.application);
  }

  /** Begins a session. @returns it, and the cookie that carries it */
  begin(request: IncomingMessage, name: string | undefined): { session: SignedIn; cookie: string } {
    const { sessionSeconds } = this.options;
    const ticket = this.keys.seal.issue(
      name?.replace(CONTROL_CHARACTERS, ' ').trim().slice(0, MAX_NAME_LENGTH) || 'somebody',
      Date.now() + sessionSeconds * 1000,
    );
    const cookie = this.cookie(request, this.keys.seal.seal(ticket), sessionSeconds);
    return { session: this.describe(ticket), cookie };
  }

  /** The cookie that ends a session. */
  end(request: IncomingMessage): string {
    return this.cookie(request, '', 0);
  }

  /** The session of a request, for the page. */
  sessionOf(request: IncomingMessage): SignedIn | SignedOut {
    const ticket = this.ticketOf(request);
    if (ticket !== undefined) return this.describe(ticket);
    return {
      isSignedIn: false,
      wants: this.options.password === undefined ? 'token' : 'password',
    };
  }

  /**
   * Lets a request in.
   * @throws ApiError 401 without a session; 403 when it would change something, and cannot show that the page of the inspector sent it
   */
  admit(request: IncomingMessage): SessionTicket {
    const ticket = this.ticketOf(request);
    if (ticket === undefined) throw unauthorized('You are not signed in, or no more.');
    if (request.method === 'GET' || request.method === 'HEAD') return ticket;
    const given = request.headers[CSRF_HEADER];
    if (typeof given !== 'string' || !this.keys.seal.isCsrfOf(ticket, given)) {
      throw forbidden(`The header ${CSRF_HEADER} must have the value csrf of the session.`);
    }
    return ticket;
  }

  /** The `auth` that lets a connection of a page have its feed. @throws ApiError 400 */
  authorizeFeed(socketId: string, channel: string): string {
    if (!isFeedChannel(channel)) throw badRequest('channel_name is not that of a feed.');
    const [{ key, secret }] = this.keys.application.keys as [{ key: string; secret: string }];
    return `${key}:${sign(secret, channelStringToSign(socketId, channel, undefined))}`;
  }

  private describe(ticket: SessionTicket): SignedIn {
    return {
      isSignedIn: true,
      name: ticket.name,
      expiresAtMs: ticket.expiresAtMs,
      csrf: this.keys.seal.csrfOf(ticket),
      feed: { key: INSPECTOR_APP_KEY, path: this.pusher.path },
      hasPayloads: this.options.payloads,
      version: packageVersion(),
      nodeId: this.cluster.nodeId,
    };
  }

  private ticketOf({ headers }: IncomingMessage): SessionTicket | undefined {
    return this.keys.seal.open(headers.cookie, Date.now());
  }

  private cookie(request: IncomingMessage, value: string, maxAgeSeconds: number): string {
    const attributes = [
      `${this.keys.seal.cookieName}=${value}`,
      `Path=${this.pusher.path}${this.options.path}`,
      `Max-Age=${maxAgeSeconds}`,
      'HttpOnly',
      'SameSite=Strict',
    ];
    if (this.clients.isSecure(request)) attributes.push('Secure');
    return attributes.join('; ');
  }

  /** Made when they are first needed: most servers are never looked at. */
  private get keys() {
    return (this.made ??= this.makeKeys());
  }

  private makeKeys() {
    const masterKey = masterKeyOf(this.options);
    const application = createApplication({
      id: INSPECTOR_APP_ID,
      keys: [{ key: INSPECTOR_APP_KEY, secret: keyFor(masterKey, 'feed').toString('hex') }],
      acceptClientEventsFrom: 'none',
      maxSubscriptions: MAX_SUBSCRIPTIONS,
      maxMessageSize: MAX_MESSAGE_SIZE,
      rateLimiting: MESSAGES,
      authorizedConnections: true,
      authorizationTimeoutSeconds: AUTHORIZATION_TIMEOUT_SECONDS,
    });
    const reserved: Application = Object.freeze({ ...application, isReserved: true });
    return { seal: new SessionSeal(masterKey), application: reserved };
  }
}
