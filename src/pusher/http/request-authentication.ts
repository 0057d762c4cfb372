import { Inject, Injectable } from '@nestjs/common';
import { ApplicationProvider } from '../../applications/application-provider.js';
import { secretOf, type Application } from '../../applications/application.js';
import { TrafficCounters } from '../../connections/traffic-counters.js';
import { isLater, type Awaitable } from '../../scaling/awaitable.js';
import { StateStore } from '../../scaling/state-store.js';
import { AddressLimits } from '../address-limits.js';
import { PUSHER_OPTIONS, type PusherOptions } from '../pusher.options.js';
import { isSignatureOf, md5, requestStringToSign } from '../protocol/signature.js';
import { forbidden, notFound, tooLarge, tooManyRequests, unauthorized } from './api-error.js';
import type { ApiRequest, SignedRequest } from './api-request.js';

/**
 * Finds out whose request it is, and whether it may be one (http-api, section 1): unknown application
 * 404, then 401, then a disabled one 403. Nothing of the body is parsed here.
 */
@Injectable()
export class RequestAuthentication {
  constructor(
    private readonly applications: ApplicationProvider,
    private readonly state: StateStore,
    private readonly counters: TrafficCounters,
    private readonly limits: AddressLimits,
    @Inject(PUSHER_OPTIONS) private readonly options: PusherOptions,
  ) {}

  /** Bytes of a body, inclusive. What is larger counts as undefined below. */
  get maxBodySize(): number {
    return this.options.maxRequestSize;
  }

  /**
   * The application that has signed the query, before the body is read.
   * @throws ApiError 401 or 404; 429 without a look at it, when too much came that was not signed
   */
  identify(method: string, request: ApiRequest): Awaitable<Application> {
    const shutOutMs = this.limits.shutOutMs(request.response.req);
    if (shutOutMs > 0) {
      const sentence = 'Too many failed authentications from this address.';
      throw tooManyRequests(sentence, Math.ceil(shutOutMs / 1000));
    }
    const found = this.find(request);
    return isLater(found)
      ? Promise.resolve(found).then((application) => this.signerOf(application, method, request))
      : this.signerOf(found, method, request);
  }

  /**
   * Takes the body as what was signed.
   * @param body undefined for one that was too large to be read
   * @throws ApiError 401, 403 or 413
   */
  accept(application: Application, request: ApiRequest, body: Buffer | undefined): SignedRequest {
    try {
      checkBody(body, request.query.get('body_md5'));
    } catch (error) {
      this.limits.requestFailed(request.response.req);
      throw error;
    }
    if (!application.enabled) throw forbidden(`Application ${application.id} is disabled.`);
    if (body === undefined) {
      throw tooLarge(`The request body is larger than ${this.maxBodySize} bytes.`);
    }
    request.application = application;
    request.body = body;
    return request as SignedRequest;
  }

  /** Counts a request that only asks. @throws ApiError 429 */
  async checkReads({ id, readsPerSecond }: Application): Promise<void> {
    if (readsPerSecond === 0) return;
    if (await this.state.take(id, 'reads', 1, readsPerSecond, 1000)) return;
    this.counters.of(id).limited.reads++;
    throw tooManyRequests(`Application ${id} may ask ${readsPerSecond} times a second.`);
  }

  private find({ segments, query }: ApiRequest): ReturnType<ApplicationProvider['findById']> {
    return segments[0] === 'users'
      ? this.applications.findByKey(query.get('auth_key') ?? '')
      : this.applications.findById(segments[1] ?? '');
  }

  private signerOf(
    application: Application | undefined,
    method: string,
    request: ApiRequest,
  ): Application {
    try {
      return this.checkedSigner(application, method, request);
    } catch (error) {
      this.limits.requestFailed(request.response.req);
      throw error;
    }
  }

  private checkedSigner(
    application: Application | undefined,
    method: string,
    request: ApiRequest,
  ): Application {
    if (application === undefined) {
      const [first, appId] = request.segments;
      throw first === 'users'
        ? unauthorized('auth_key is unknown.')
        : notFound(`Application ${appId} does not exist.`);
    }
    this.checkSignature(application, method, request);
    return application;
  }

  private checkSignature(application: Application, method: string, request: ApiRequest): void {
    const { query, path } = request;
    const secret = secretOf(application, query.get('auth_key') ?? '');
    if (secret === undefined) throw unauthorized('auth_key is not a key of this application.');
    if (query.get('auth_version') !== '1.0') throw unauthorized('auth_version must be 1.0.');
    this.checkTimestamp(query.get('auth_timestamp') ?? '');
    const signature = query.get('auth_signature') ?? '';
    const expected = requestStringToSign(method, path, query);
    if (isSignatureOf(signature, secret, expected)) return;
    for (const otherPath of otherPathsOf(request)) {
      const alternative = requestStringToSign(method, otherPath, query);
      if (isSignatureOf(signature, secret, alternative)) return;
    }
    throw unauthorized(
      `auth_signature is wrong: it must be the hex HMAC-SHA256, with the secret of auth_key, of ${JSON.stringify(expected)}.`,
    );
  }

  private checkTimestamp(text: string): void {
    if (!/^\d{1,15}$/.test(text)) throw unauthorized('auth_timestamp must be seconds since 1970.');
    const tolerance = this.options.signatureToleranceSeconds;
    if (tolerance === 0) return;
    const seconds = Math.floor(Date.now() / 1000);
    if (Math.abs(seconds - Number(text)) <= tolerance) return;
    throw unauthorized(
      `auth_timestamp is more than ${tolerance} s off: here it is ${seconds}. Check the clock.`,
    );
  }
}

/** What else may stand for the path in the signature: with the prefix, or decoded, as libraries sign before they encode. */
function otherPathsOf({ path, fullPath, segments }: ApiRequest): readonly string[] {
  const withPrefix = path === fullPath ? [] : [fullPath];
  return path.includes('%') ? [...withPrefix, `/${segments.join('/')}`] : withPrefix;
}

/** @param body undefined for one that was too large to be read */
function checkBody(body: Buffer | undefined, bodyMd5: string | undefined): void {
  if (bodyMd5 === undefined && body?.length !== 0) {
    throw unauthorized('body_md5 is missing, the request has a body.');
  }
  if (body !== undefined && bodyMd5 !== undefined && bodyMd5.toLowerCase() !== md5(body)) {
    throw unauthorized('body_md5 is not the MD5 of the body that arrived.');
  }
}
