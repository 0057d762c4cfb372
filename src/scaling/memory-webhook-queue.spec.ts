import { eventually } from '../../test/harness/eventually.js';
import { describeWebhookQueue } from '../testing/webhook-queue.suite.js';
import { MemoryWebhookQueue } from './memory-webhook-queue.js';

describeWebhookQueue('The memory', () => {
  const queue = new MemoryWebhookQueue();
  return { queues: [queue], close: () => queue.onApplicationShutdown() };
});

describe('A memory that is full', () => {
  const EVENT = JSON.stringify('x'.repeat(4_000_000));
  const ENOUGH = 20;

  it('of dead letters has room for what is new, and forgets the oldest of who has most of them', async () => {
    const queue = new MemoryWebhookQueue();
    const delivered: string[] = [];
    queue.open({
      batchWindowMs: 0,
      deliver: ({ appId, events: { length } }) => {
        const isDead = appId.startsWith('dead');
        if (!isDead) delivered.push(appId);
        const deathCause = isDead ? 'It answered 500' : undefined;
        return Promise.resolve({ taken: length, deathCause, isFailure: isDead, pauseMs: 0 });
      },
    });
    const append = (appId: string) =>
      queue.append(appId, [{ endpointIds: ['endpoint'], event: EVENT, atMs: Date.now() }]);
    append('dead-few');
    await eventually(() => expect(queue.deadLetters('dead-few')).toHaveLength(1));
    for (let i = 0; i < ENOUGH; i++) {
      append('dead-many');
      await eventually(() => expect(queue.length()).toBe(0));
    }
    append('alive');
    await eventually(() => expect(delivered).toEqual(['alive']));
    expect(queue.dropped).toBe(0);
    expect(queue.deadLetters('dead-few')).toHaveLength(1);
    const kept = queue.deadLetters('dead-many').map(({ id }) => Number(id));
    expect(kept).toEqual([...kept].sort((one, other) => one - other));
    expect(kept.at(-1)).toBe(ENOUGH + 1);
    expect(queue.resend('dead-many', kept.map(String))).toBe(kept.length);
    expect(queue.deadLetters('dead-few')).toHaveLength(1);
    queue.onApplicationShutdown();
  });
});
