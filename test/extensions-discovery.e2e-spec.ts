import { Controller, Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  ApplicationProvider,
  EventDispatcher,
  PusherExtension,
  type Publication,
} from '../src/index.js';
import { publishTo } from './harness/api.js';
import { startHost, type HostOptions } from './harness/host-application.js';
import { closeAll } from './harness/pusher-client.js';

afterEach(closeAll);

let asked: string[] = [];
beforeEach(() => (asked = []));

/** An extension that writes down its name, and publishes once if told so. */
function named(name: string, order?: number): Type {
  @PusherExtension(order === undefined ? undefined : { order })
  class Named {
    beforePublish() {
      asked.push(name);
    }
  }
  return Named;
}

async function askedBy(options: Partial<HostOptions>): Promise<string[]> {
  const host = await startHost('Fastify', options);
  await publishTo(host, 'c').expect(200);
  return asked;
}

describe('Extensions are found', () => {
  it('in every module, in the order of the modules unless they say otherwise', async () => {
    @Module({ providers: [named('inner')] })
    class InnerModule {}
    @Module({ imports: [InnerModule], providers: [named('outer')] })
    class OuterModule {}
    @Module({ providers: [named('last', 10), named('first', -1), named('other')] })
    class OtherModule {}
    const imports = [OuterModule, OtherModule];
    expect(await askedBy({ imports, providers: [named('own')] })).toEqual([
      'first',
      'own',
      'outer',
      'inner',
      'other',
      'last',
    ]);
  });

  it('whether the server is imported before or after their module', async () => {
    const options = { providers: [named('own')], importsServerFirst: false };
    expect(await askedBy(options)).toEqual(['own']);
  });

  it('whichever way they are provided, each once', async () => {
    const Value = named('value');
    const Made = named('made');
    const Own = named('own');
    const providers = [
      Own,
      { provide: 'ALIAS', useExisting: Own },
      { provide: 'VALUE', useValue: new Value() },
      { provide: 'MADE', useFactory: async () => new Made() },
      { provide: 'NOTHING', useValue: null },
    ];
    expect(await askedBy({ providers })).toEqual(['own', 'value', 'made']);
  });

  it('among controllers, too', async () => {
    @Controller('own')
    @PusherExtension()
    class OwnController {
      beforePublish() {
        asked.push('controller');
      }
    }
    expect(await askedBy({ controllers: [OwnController], providers: [named('own')] })).toEqual([
      'own',
      'controller',
    ]);
  });

  it('with what they inject, the dispatcher among it', async () => {
    @Injectable()
    @PusherExtension()
    class Copier {
      constructor(
        private readonly dispatcher: EventDispatcher,
        private readonly applications: ApplicationProvider,
      ) {}

      async beforePublish({ event: { channels, name, data } }: Publication) {
        asked.push(channels.join());
        if (channels.includes('copies')) return;
        const application = await this.applications.findById('app-id');
        await this.dispatcher.publish(application!, [{ name, data, channels: ['copies'] }]);
      }
    }
    expect(await askedBy({ providers: [Copier] })).toEqual(['c', 'copies']);
  });

  it('but not among classes that are not marked', async () => {
    class Unmarked {
      beforePublish() {
        asked.push('unmarked');
      }
    }
    expect(await askedBy({ providers: [Unmarked] })).toEqual([]);
  });
});

describe('A host does not start', () => {
  it.each<[string, Scope]>([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('with an extension that is %s', async (_, scope) => {
    @Injectable({ scope })
    @PusherExtension()
    class Scoped {
      beforePublish() {}
    }
    const started = startHost('Fastify', { providers: [Scoped] });
    await expect(started).rejects.toThrow(/^Scoped is an extension .* singleton/);
  });

  it('with one that injects something request-scoped', async () => {
    @Injectable()
    @PusherExtension()
    class Indirect {
      constructor(@Inject(REQUEST) readonly request: unknown) {}
      beforePublish() {}
    }
    const started = startHost('Fastify', { providers: [Indirect] });
    await expect(started).rejects.toThrow(/^Indirect is an extension .* singleton/);
  });

  it('with a time-out that is none', async () => {
    const revurb = { extensions: { hookTimeoutSeconds: 0 } };
    await expect(startHost('Fastify', { revurb })).rejects.toThrow(/hookTimeoutSeconds.*not 0/);
  });
});

describe('An extension without a hook', () => {
  it('is a mistake, and the log says which names there are', async () => {
    @PusherExtension()
    class Misspelt {
      onSubscribe() {}
    }
    const host = await startHost('Fastify', { providers: [Misspelt] });
    expect(host.logs.of('warn').join()).toMatch(/Misspelt .* no hook.* onSubscribed/);
  });
});
