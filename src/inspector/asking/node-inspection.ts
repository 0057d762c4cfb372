import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Awaitable } from '../../scaling/awaitable.js';
import { ClusterQuestions } from '../../scaling/cluster-questions.js';
import type { Watch } from '../contract.js';
import { isWatchId } from '../feed-channel.js';
import { INSPECTOR_OPTIONS, type InspectorOptions } from '../inspector.options.js';
import { WatchDesk } from '../watching/watch-desk.js';
import { readFilter } from '../watching/watch-filter.js';
import { NodeActions } from './node-actions.js';
import { NodeAnswers } from './node-answers.js';
import { fullSubject, type Questions, type Subject } from './question.js';

type Fields = Readonly<Record<string, unknown>>;

/** Lets this node be asked by the pages of inspectors, on whatever node they are. Where it is not enabled nobody answers. */
@Injectable()
export class NodeInspection implements OnModuleInit {
  constructor(
    @Inject(INSPECTOR_OPTIONS) private readonly options: InspectorOptions,
    private readonly questions: ClusterQuestions,
    private readonly desk: WatchDesk,
    private readonly answers: NodeAnswers,
    private readonly actions: NodeActions,
  ) {}

  onModuleInit(): void {
    if (!this.options.enabled) return;
    const { answers, actions } = this;
    this.answer('watch', (fields) => ({ hasRoom: this.watch(fields) }));
    this.answer('applications', () => answers.applicationsHere());
    this.answer('rates', ({ appId }) => answers.rates({ appId: text(appId) }));
    this.answer('channel', ({ appId, channel }) =>
      answers.channel({ appId: text(appId), channel: text(channel) }),
    );
    this.answer('connections', ({ appId, search }) =>
      answers.connections({ appId: text(appId), search: text(search) }),
    );
    this.answer('connection', ({ appId, socketId }) =>
      answers.connection({ appId: text(appId), socketId: text(socketId) }),
    );
    this.answer('node', () => answers.node());
    this.answer('charts', () => answers.charts());
    this.answer('webhooks', () => answers.webhooks());
    this.answer('disconnect', ({ appId, socketId, userId }) =>
      actions.disconnect({
        appId: text(appId),
        ...(socketId !== undefined && { socketId: text(socketId) }),
        ...(userId !== undefined && { userId: text(userId) }),
      }),
    );
    this.answer('unsubscribe', ({ appId, userId, channel }) =>
      actions.unsubscribe({ appId: text(appId), userId: text(userId), channel: text(channel) }),
    );
  }

  private answer<S extends Subject>(
    subject: S,
    handler: (fields: Fields) => Awaitable<Questions[S][1] | undefined>,
  ): void {
    this.questions.answer(fullSubject(subject), (content) => handler(fieldsOf(content)));
  }

  private watch({ watches, ended }: Fields): boolean {
    const ids = list(ended).map(text);
    return this.desk.renew(list(watches).map(readWatch), ids);
  }
}

/* What other nodes ask was checked there; these throw for what no node asks. */

function fieldsOf(content: unknown): Fields {
  if (typeof content !== 'object' || content === null) throw new TypeError('No question.');
  return content as Fields;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('A text is missing.');
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('A list is missing.');
  return value;
}

function readWatch(value: unknown): Watch {
  const { id, filter: given } = fieldsOf(value);
  const filter = readFilter(given);
  if (!isWatchId(id) || typeof filter === 'string') throw new TypeError('No watch.');
  return { id, filter };
}
