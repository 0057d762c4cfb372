import { SetMetadata } from '@nestjs/common';

/** Where the options of an extension stand on its class. */
export const PUSHER_EXTENSION = Symbol('PUSHER_EXTENSION');

/** How an extension stands to the others. */
export interface PusherExtensionOptions {
  /**
   * Lower numbers come first; 0 if it is not given. Of those with the same number the order of the
   * modules decides: a module before those it imports, and these as they are listed. Controllers come
   * after all providers.
   */
  readonly order?: number;
}

/**
 * Makes a provider or a controller of any module an extension: those methods of it that have the name
 * of a hook are called by the server, see {@link BeforeConnect} and the others. It has to be a
 * singleton. A module that is loaded lazily comes too late to have extensions.
 *
 * ```ts
 * @Injectable()
 * @PusherExtension()
 * export class Audit implements OnSubscribed {
 *   onSubscribed({ connection, channel }: Subscribed) {}
 * }
 * ```
 */
export function PusherExtension(options: PusherExtensionOptions = {}): ClassDecorator {
  return SetMetadata(PUSHER_EXTENSION, options);
}
