import { ForbiddenException, Logger } from '@nestjs/common';
import { createApplication } from '../applications/application.js';
import { OverloadError } from '../scaling/overload-error.js';
import { eventually } from '../../test/harness/eventually.js';
import type { Publication } from './before-hooks.js';
import { HookFault } from './hook-call.js';
import { compileHooks, HOOK_NAMES, type Hooks, type Observers } from './hooks.js';
import { Refusal } from './refusal.js';
import { TellQueue } from './told-hook.js';

class No extends Refusal {}

/** Collects what is logged as an error. */
class FaultRecord extends Logger {
  readonly faults: unknown[][] = [];
  override error = (...args: unknown[]) => void this.faults.push(args);
}

function compile(extensions: object[], observers: Observers = {}, timeoutMs = 1000) {
  const logger = new FaultRecord();
  const queue = new TellQueue();
  const hooks = compileHooks(extensions, { observers, queue, timeoutMs, logger });
  return { hooks, queue, faults: logger.faults };
}

const application = createApplication({ id: '1', keys: [{ key: 'k', secret: 's' }] });
const event = { name: 'e', data: 'd', channels: ['c'] };
const asked: Publication = { application, event };
const publish = ({ beforePublish }: Hooks) => beforePublish!.ask(asked);

/** An extension that makes something of every event. */
const editor = (make: (publication: Publication) => unknown) => ({ beforePublish: make });

describe('Without extensions', () => {
  it('there is no hook', () => {
    const { hooks } = compile([]);
    expect(Object.values(hooks)).toEqual(HOOK_NAMES.map(() => null));
  });

  it('there is no hook either that no extension has', () => {
    const { hooks } = compile([{ onConnected() {}, onSomething() {} }]);
    const found = Object.entries(hooks).filter(([, hook]) => hook !== null);
    expect(found.map(([name]) => name)).toEqual(['onConnected']);
  });
});

describe('A hook that is waited for', () => {
  it('lets pass what it returns nothing about', async () => {
    const { hooks } = compile([editor(() => undefined), editor(async () => undefined)]);
    expect(await publish(hooks)).toBe(asked);
  });

  it('gets what those before it made of it', async () => {
    const { hooks } = compile([
      editor(() => ({ data: 'first' })),
      editor(async ({ event: { data } }) => ({ data: `${data}, second` })),
      editor(({ event: { data, name } }) => ({ name: `${name}: ${data}` })),
    ]);
    const passed = await publish(hooks);
    expect(passed?.event).toEqual({ ...event, data: 'first, second', name: 'e: first, second' });
    expect(asked.event).toEqual(event);
  });

  it('may let it drop, and the rest is not asked', async () => {
    const seen: string[] = [];
    const { hooks } = compile([editor(() => null), editor(() => void seen.push('asked'))]);
    expect(await publish(hooks)).toBeNull();
    expect(seen).toEqual([]);
  });

  it.each([new No('no'), new ForbiddenException('no'), new OverloadError('no')])(
    'refuses with %p, and the rest is not asked',
    async (refusal) => {
      const seen: string[] = [];
      const { hooks, faults } = compile([
        editor(() => Promise.reject(refusal)),
        editor(() => void seen.push('asked')),
      ]);
      await expect(publish(hooks)).rejects.toBe(refusal);
      expect([seen, faults]).toEqual([[], []]);
    },
  );

  it('is called on its extension', async () => {
    class Counter {
      asked = 0;
      beforePublish() {
        this.asked++;
      }
    }
    const counter = new Counter();
    await publish(compile([counter]).hooks);
    expect(counter.asked).toBe(1);
  });

  it('refuses by a fault, which is logged whole, once for all that follow at once', async () => {
    class Broken {
      beforePublish() {
        throw new TypeError('x is undefined');
      }
    }
    const { hooks, faults } = compile([new Broken()]);
    await expect(publish(hooks)).rejects.toThrow(HookFault);
    await expect(publish(hooks)).rejects.toThrow('The extension Broken failed.');
    expect(faults).toEqual([['Broken.beforePublish failed', new TypeError('x is undefined')]]);
  });

  it('refuses by taking too long, whatever it says later', async () => {
    let fail = () => {};
    const late = new Promise((_, reject) => (fail = () => reject(new Error('too late'))));
    const { hooks, faults } = compile([editor(() => late)], {}, 10);
    await expect(publish(hooks)).rejects.toThrow(HookFault);
    expect(String(faults[0]![1])).toContain('No answer in 10 ms');
    fail();
    await new Promise(setImmediate);
  });

  it.each<[string, unknown]>([
    ['false, as guards do', false],
    ['text', 'data'],
    ['data that is no text', { data: { a: 1 } }],
    ['no name', { name: undefined }],
    ['a channel that is none', { channels: [1] }],
    ['one channel', { channels: 'c' }],
  ])('refuses by returning %s', async (_, answer) => {
    const { hooks, faults } = compile([editor(() => answer)]);
    await expect(publish(hooks)).rejects.toThrow(HookFault);
    expect(faults).toHaveLength(1);
  });

  it('changes only what it may', async () => {
    const extension = {
      beforeConnect: () => ({ socketId: 'other' }),
      beforeSubscribe: () => ({ channel: 'other', userInfo: { a: 1 } }),
      beforeClientEvent: () => ({ channel: 'other', data: undefined }),
    };
    const { hooks } = compile([extension]);
    await expect(hooks.beforeConnect!.ask({} as never)).rejects.toThrow(HookFault);
    const member = { userId: '1', userInfo: 'x' };
    const request = { channel: 'c', member } as never;
    expect(await hooks.beforeSubscribe!.ask(request)).toEqual({
      channel: 'c',
      member: { userId: '1', userInfo: { a: 1 } },
    });
    const withoutMember = { channel: 'c', member: undefined } as never;
    expect(await hooks.beforeSubscribe!.ask(withoutMember)).toBe(withoutMember);
    const sent = { channel: 'c', data: 'd' } as never;
    const passed = await hooks.beforeClientEvent!.ask(sent);
    expect(passed).toStrictEqual({ channel: 'c', data: undefined });
  });

  it('cannot let drop who waits for an answer', async () => {
    const { hooks } = compile([{ beforeSubscribe: () => null, beforeConnect: () => null }]);
    await expect(hooks.beforeSubscribe!.ask({} as never)).rejects.toThrow(HookFault);
    await expect(hooks.beforeConnect!.ask({} as never)).rejects.toThrow(HookFault);
  });
});

describe('A hook that is told', () => {
  const told = { event } as never;

  it('is called in the next turn, in the order of what happened and of the extensions', async () => {
    const seen: string[] = [];
    const one = {
      onConnected: () => void seen.push('1 connected'),
      onPublished: () => void seen.push('1 published'),
    };
    const other = { onPublished: () => void seen.push('2 published') };
    const { hooks } = compile([one, other]);
    hooks.onPublished!.tell(told);
    hooks.onConnected!.tell(told);
    expect(seen).toEqual([]);
    await eventually(() => expect(seen).toEqual(['1 published', '2 published', '1 connected']));
  });

  it('breaks nothing by throwing, and is logged once', async () => {
    const seen: string[] = [];
    const broken = {
      onPublished() {
        throw new Error('broken');
      },
    };
    const late = { onPublished: () => Promise.reject(new Error('late')) };
    const fine = { onPublished: () => void seen.push('told') };
    const { hooks, queue, faults } = compile([broken, late, fine]);
    hooks.onPublished!.tell(told);
    hooks.onPublished!.tell(told);
    await queue.settle();
    expect(seen).toEqual(['told', 'told']);
    expect(faults.map(([, error]) => String(error))).toEqual(['Error: broken', 'Error: late']);
  });

  it('leaves the others their turn, although it never ends', async () => {
    let turns = 0;
    const echo = {
      onPublished: () => {
        turns++;
        hooks.onPublished!.tell(told);
      },
    };
    const { hooks, queue } = compile([echo]);
    hooks.onPublished!.tell(told);
    try {
      await eventually(() => expect(turns).toBeGreaterThan(10));
      await queue.settle();
    } finally {
      echo.onPublished = () => {};
    }
  });

  it('is done when all it led to is done', async () => {
    const done: string[] = [];
    const writer = {
      onConnected: async () => {
        await new Promise(setImmediate);
        done.push('connected');
        hooks.onDisconnected!.tell(told);
      },
      onDisconnected: async () => {
        await new Promise(setImmediate);
        done.push('disconnected');
      },
    };
    const { hooks, queue } = compile([writer]);
    hooks.onConnected!.tell(told);
    await queue.settle();
    expect(done).toEqual(['connected', 'disconnected']);
  });

  it('comes after the server itself, which is told at once', async () => {
    const seen: string[] = [];
    const observers = { onPublished: [() => void seen.push('server')] };
    const extension = { onPublished: () => void seen.push('extension') };
    const { hooks, queue } = compile([extension], observers);
    hooks.onPublished!.tell(told);
    expect(seen).toEqual(['server']);
    await queue.settle();
    expect(seen).toEqual(['server', 'extension']);
    compile([], observers).hooks.onPublished!.tell(told);
    expect(seen).toEqual(['server', 'extension', 'server']);
  });
});
