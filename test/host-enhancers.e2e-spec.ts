import {
  ForbiddenException,
  Injectable,
  UnprocessableEntityException,
  ValidationPipe,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { WsException } from '@nestjs/websockets';
import { EMPTY, tap, throwError } from 'rxjs';
import { Connection, PusherError, SubscriptionError } from '../src/index.js';
import { api, expectRefusal, publishTo } from './harness/api.js';
import { startHost, type Platform } from './harness/host-application.js';
import { closeAll, PusherClient } from './harness/pusher-client.js';

afterEach(closeAll);

interface Message {
  readonly event: string;
  readonly channel?: string;
}

/** What a guard or an interceptor finds when a gateway message passes. */
const messageOf = (context: ExecutionContext) => {
  const ws = context.switchToWs();
  return { connection: ws.getClient<Connection>(), message: ws.getData<Message>() };
};

/** A guard of the host that is asked about gateway messages only. */
function guardOf(decide: (connection: Connection, message: Message) => unknown): Provider {
  @Injectable()
  class HostGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean | Promise<boolean> {
      if (context.getType() !== 'ws') return true;
      const { connection, message } = messageOf(context);
      return decide(connection, message) as boolean;
    }
  }
  return { provide: APP_GUARD, useClass: HostGuard };
}

const interceptorOf = (intercept: NestInterceptor['intercept']): Provider => ({
  provide: APP_INTERCEPTOR,
  useValue: { intercept } satisfies NestInterceptor,
});

describe.each<[Platform]>([['Express'], ['Fastify']])(
  'a global guard of a host on %s',
  (platform) => {
    it('sees the messages of clients with their connection', async () => {
      const seen: unknown[] = [];
      const guard = guardOf((connection, { event, channel }) => {
        seen.push([connection instanceof Connection && connection.socketId, event, channel]);
        return true;
      });
      const host = await startHost(platform, { providers: [guard] });
      const client = await PusherClient.connect(host);
      await client.subscribePrivate('private-c', host);
      client.trigger('client-e', 'private-c', { a: 1 });
      await client.roundTrip();
      expect(seen).toEqual([
        [client.socketId, 'pusher:subscribe', 'private-c'],
        [client.socketId, 'client-e', 'private-c'],
        [client.socketId, 'pusher:ping', undefined],
      ]);
    });

    it('refuses a subscription by returning false', async () => {
      const guard = guardOf((_, { channel }) => channel !== 'secret');
      const host = await startHost(platform, { providers: [guard] });
      const client = await PusherClient.connect(host);
      const { json } = await client.subscribeRefused('secret');
      expect(json).toMatchObject({ type: 'AuthError', status: 403 });
      await client.expectError(4009);
      await client.subscribe('open');
      await publishTo(host, 'secret').expect(200);
      await api(host, 'GET', 'channels').expect(200, { channels: { open: {} } });
      await client.roundTrip();
      expect(client.framesLike('e')).toEqual([]);
    });

    it('refuses a client event, which nobody gets', async () => {
      const guard = guardOf((_, { event }) => Promise.resolve(!event.startsWith('client-')));
      const host = await startHost(platform, { providers: [guard] });
      const [ann, bob] = [await PusherClient.connect(host), await PusherClient.connect(host)];
      for (const client of [ann, bob]) await client.subscribePrivate('private-c', host);
      ann.trigger('client-e', 'private-c', {});
      await ann.expectError(4009);
      await ann.roundTrip();
      await bob.roundTrip();
      expect(bob.framesLike('client-e')).toEqual([]);
    });

    it.each([
      ['an HTTP exception', () => new ForbiddenException('Not today'), 'Not today'],
      ['a WebSocket exception', () => new WsException('Not today'), 'Not today'],
      ['another status', () => new UnprocessableEntityException('Not today'), 'Not today'],
    ])('says why with %s', async (_, exception, sentence) => {
      const guard = guardOf(() => {
        throw exception();
      });
      const host = await startHost(platform, { providers: [guard] });
      const client = await PusherClient.connect(host);
      expect((await client.subscribeRefused('c')).json.error).toBe(sentence);
      await client.expectError(4009);
      client.trigger('client-e', 'c');
      expect((await client.expectError(4009)).json.message).toBe(sentence);
      expect(host.logs.of('error')).toEqual([]);
    });

    it('says it in the words of the protocol too', async () => {
      const guard = guardOf((_, { event, channel = '' }) => {
        if (event !== 'pusher:subscribe') throw new PusherError(4301, 'Too loud');
        const refusal = { type: 'LimitReached', error: 'Full house', status: 4004 } as const;
        throw new SubscriptionError(channel, refusal);
      });
      const host = await startHost(platform, { providers: [guard] });
      const client = await PusherClient.connect(host);
      const { json } = await client.subscribeRefused('c');
      expect(json).toEqual({ type: 'LimitReached', error: 'Full house', status: 4004 });
      client.trigger('client-e', 'c');
      expect((await client.expectError(4301)).json.message).toBe('Too loud');
    });

    it('breaks nothing when it is broken, and tells no details', async () => {
      const guard = guardOf((_, { event }) => {
        if (event === 'pusher:subscribe') throw new TypeError('x is undefined in line 7');
        return true;
      });
      const host = await startHost(platform, { providers: [guard] });
      const client = await PusherClient.connect(host);
      client.sendSubscribe('c');
      expect((await client.expectError(4200)).json.message).toBe('Invalid message format');
      await client.roundTrip();
      expect(client.frames.map(({ raw }) => raw).join()).not.toContain('line 7');
      expect(host.logs.of('error').join()).toContain('line 7');
    });

    it('is asked about the HTTP API too, and refuses in its form', async () => {
      @Injectable()
      class ClosedGuard implements CanActivate {
        canActivate(): boolean {
          return false;
        }
      }
      const host = await startHost(platform, {
        providers: [{ provide: APP_GUARD, useClass: ClosedGuard }],
      });
      expectRefusal(await publishTo(host, 'c'), 403);
    });
  },
);

describe.each<[Platform]>([['Express'], ['Fastify']])(
  'other enhancers of a host on %s',
  (platform) => {
    it('interceptors run around the messages, and may refuse them', async () => {
      const seen: string[] = [];
      const interceptor = interceptorOf((context, next: CallHandler) => {
        if (context.getType() !== 'ws') return next.handle();
        const { connection, message } = messageOf(context);
        seen.push(`before ${message.event} ${connection.socketId}`);
        if (message.channel === 'secret') return throwError(() => new WsException('Not that one'));
        if (message.channel === 'nothing') return EMPTY;
        return next.handle().pipe(tap({ complete: () => seen.push(`after ${message.event}`) }));
      });
      const host = await startHost(platform, { providers: [interceptor] });
      const client = await PusherClient.connect(host);
      await client.subscribe('c');
      expect((await client.subscribeRefused('secret')).json.error).toBe('Not that one');
      client.sendSubscribe('nothing');
      await client.roundTrip();
      expect(seen).toEqual([
        `before pusher:subscribe ${client.socketId}`,
        'after pusher:subscribe',
        `before pusher:subscribe ${client.socketId}`,
        `before pusher:subscribe ${client.socketId}`,
        `before pusher:ping ${client.socketId}`,
        'after pusher:ping',
      ]);
      await publishTo(host, 'c').expect(200, {});
      await client.expectFrame('e');
      await api(host, 'GET', 'channels').expect(200, { channels: { c: {} } });
    });

    it('a strict ValidationPipe leaves messages and requests as they are', async () => {
      const options = { whitelist: true, forbidNonWhitelisted: true, transform: true };
      const pipe = { provide: APP_PIPE, useValue: new ValidationPipe(options) };
      const host = await startHost(platform, { providers: [pipe] });
      const client = await PusherClient.connect(host);
      await client.subscribePresence('presence-c', { user_id: 7, user_info: { a: 1 } }, host);
      await client.signin({ id: 'ann' }, host);
      await publishTo(host, 'presence-c', { info: 'user_count', unknown: 1 }).expect(200, {
        channels: { 'presence-c': { user_count: 1 } },
      });
      await client.expectFrame('e');
    });

    it('pipes get what a client sent, and may refuse it', async () => {
      const pipe: PipeTransform = {
        transform(value: Message, { type }: ArgumentMetadata) {
          if (type === 'body' && value.event === 'pusher:subscribe') throw new WsException('No');
          return value;
        },
      };
      const host = await startHost(platform, {
        providers: [{ provide: APP_PIPE, useValue: pipe }],
      });
      const client = await PusherClient.connect(host);
      expect((await client.subscribeRefused('c')).json.error).toBe('No');
      await client.expectError(4009);
    });
  },
);
