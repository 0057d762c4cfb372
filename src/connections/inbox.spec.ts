import { Inbox, type InboxOwner } from './inbox.js';

/** Handles messages at once, or when it is told to. */
class Owner implements InboxOwner {
  readonly handled: string[] = [];
  readonly calls: string[] = [];
  isSlow = false;
  /** Happens while a message is handled. */
  during: ((message: string) => void) | undefined;
  private finishers: (() => void)[] = [];
  readonly inbox = new Inbox(this);

  handle(message: Buffer): Promise<void> | undefined {
    this.handled.push(message.toString());
    this.during?.(message.toString());
    if (!this.isSlow) return undefined;
    return new Promise((resolve) => this.finishers.push(resolve));
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  push(...messages: (string | number)[]): void {
    for (const message of messages) this.inbox.push(Buffer.from(String(message)));
  }

  /** The message in hand is done. */
  async finish(): Promise<void> {
    this.finishers.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => String(from + i));

let owner: Owner;

beforeEach(() => {
  owner = new Owner();
});

describe('An inbox', () => {
  it('hands over nothing before it is opened, and then all of it in order', () => {
    owner.push('a', 'b', 'c');
    expect(owner.handled).toEqual([]);
    owner.inbox.open();
    expect(owner.handled).toEqual(['a', 'b', 'c']);
    owner.push('d');
    expect(owner.handled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('hands over one after the other, each when the former is done', async () => {
    owner.inbox.open();
    owner.isSlow = true;
    owner.push('a', 'b', 'c');
    expect(owner.handled).toEqual(['a']);
    await owner.finish();
    expect(owner.handled).toEqual(['a', 'b']);
    owner.isSlow = false;
    await owner.finish();
    expect(owner.handled).toEqual(['a', 'b', 'c']);
    owner.push('d');
    expect(owner.handled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps the order of what comes while a message that took time is followed up', async () => {
    owner.inbox.open();
    owner.isSlow = true;
    owner.push('slow', 'b', 'c');
    owner.isSlow = false;
    owner.during = (message) => {
      if (message === 'b') owner.isSlow = true;
      if (message === 'c') owner.isSlow = false;
    };
    await owner.finish();
    owner.push('d');
    expect(owner.handled).toEqual(['slow', 'b']);
    await owner.finish();
    expect(owner.handled).toEqual(['slow', 'b', 'c', 'd']);
  });
});

describe('An inbox that fills', () => {
  const FULL = 64;

  it('has the socket read no further, once, and read on when it is empty', async () => {
    owner.inbox.open();
    owner.isSlow = true;
    owner.push(...numbers(0, FULL));
    expect(owner.calls).toEqual([]);
    owner.push(...numbers(FULL, FULL + 3));
    expect(owner.calls).toEqual(['pause']);
    for (let i = 0; i < FULL + 2; i++) await owner.finish();
    expect(owner.handled).toEqual(numbers(0, FULL + 3));
    expect(owner.calls).toEqual(['pause']);
    await owner.finish();
    expect(owner.calls).toEqual(['pause', 'resume']);
    owner.push(...numbers(0, FULL + 1));
    expect(owner.calls).toEqual(['pause', 'resume', 'pause']);
  });

  it('does so before it is opened, too', () => {
    owner.push(...numbers(0, 1_000));
    expect(owner.calls).toEqual(['pause']);
    owner.inbox.open();
    expect(owner.handled).toEqual(numbers(0, 1_000));
    expect(owner.calls).toEqual(['pause', 'resume']);
  });

  it('does not grow when it is never empty', async () => {
    owner.inbox.open();
    owner.isSlow = true;
    owner.push('0', '1');
    for (let i = 2; i < 1_000; i++) {
      await owner.finish();
      owner.push(i);
    }
    const { waiting } = owner.inbox as unknown as { waiting: Buffer[] };
    expect(waiting.length).toBeLessThanOrEqual(2 * FULL);
    expect(owner.handled).toEqual(numbers(0, 999));
    expect(owner.calls).toEqual([]);
  });
});

describe('An inbox that is closed', () => {
  it('forgets what waits and all that comes', async () => {
    owner.inbox.open();
    owner.isSlow = true;
    owner.push('a', 'b');
    owner.inbox.close();
    owner.push('c');
    await owner.finish();
    owner.push('d');
    expect(owner.handled).toEqual(['a']);
  });

  it('hands over nothing when it is opened afterwards', () => {
    owner.push('a');
    owner.inbox.close();
    owner.inbox.open();
    owner.push('b');
    expect(owner.handled).toEqual([]);
  });

  it('by one of its messages hands over none of the rest', () => {
    owner.during = (message) => {
      if (message === 'b') owner.inbox.close();
    };
    owner.push('a', 'b', 'c');
    owner.inbox.open();
    expect(owner.handled).toEqual(['a', 'b']);
  });

  it('has the socket read on, or the answer to the close would not be seen', async () => {
    owner.push(...numbers(0, 100));
    owner.inbox.close();
    owner.inbox.close();
    expect(owner.calls).toEqual(['pause', 'resume']);
    owner.push(...numbers(0, 100));
    expect(owner.calls).toEqual(['pause', 'resume']);
  });
});
