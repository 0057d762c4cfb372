import {
  PusherErrorCode,
  SubscriptionError,
  type PusherError,
} from '../../pusher/protocol/pusher-error.js';
import type { RecordKind } from '../contract.js';

/** What a refusal is to those who watch: a matter of authentication, of a rate, or another. */
export function kindOfRefusal(why: PusherError | SubscriptionError): RecordKind {
  if (why instanceof SubscriptionError) {
    return why.refusal.type === 'AuthError' ? 'auth-failed' : 'refused';
  }
  if (why.code === PusherErrorCode.TOO_MANY_ATTEMPTS) return 'rate-limited';
  // The protocol has one code for a rate and for an event that is not allowed at all.
  if (why.message === 'Rate limit exceeded') return 'rate-limited';
  return why.code === PusherErrorCode.UNAUTHORIZED ? 'auth-failed' : 'refused';
}

/** The same for a request, by its status. */
export function kindOfStatus(status: number): RecordKind {
  if (status === 401) return 'auth-failed';
  return status === 429 ? 'rate-limited' : 'refused';
}
