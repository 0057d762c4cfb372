import { Logger } from '@nestjs/common';
import type { ClusterMessage } from '../cluster-message.js';
import { DeliveryQueue } from './delivery-queue.js';

const named = (userId: string): ClusterMessage => ({ type: 'terminate', appId: 'app', userId });

describe('what is delivered', () => {
  let queue: DeliveryQueue;
  let log: string[];

  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(() => {
    queue = new DeliveryQueue();
    log = [];
  });

  const listen = (onName: (name: string) => void = () => undefined) => {
    queue.listen((message) => {
      const name = message.type === 'terminate' ? message.userId : '';
      log.push(`${name} begins`);
      onName(name);
      log.push(`${name} ends`);
    });
  };

  it('is dropped as long as nobody listens', () => {
    queue.deliver(named('a'));
    listen();
    queue.deliver(named('b'));
    expect(log).toEqual(['b begins', 'b ends']);
  });

  it('waits for what is being delivered, and comes behind all that is there', () => {
    listen((name) => {
      if (name === 'a') queue.deliver(named('c'));
    });
    queue.deliverAll([named('a'), named('b')]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('does not suffer from what came before', () => {
    listen((name) => {
      if (name === 'a') throw new Error('a cannot be handled');
    });
    queue.deliverAll([named('a'), named('b')]);
    queue.deliver(named('c'));
    expect(log).toEqual(['a begins', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});
