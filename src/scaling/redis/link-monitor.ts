import type { Redis } from 'ioredis';

const INTERVAL_MS = 500;

/** Turns of the timer that an answer may take. */
const PATIENCE_TURNS = 2;

interface Question {
  turns: number;
  bytesRead: number;
}

/**
 * Asks every connection for a sign of life, twice a second, with one timer for all. One that has been
 * silent for a second is reported. What an event loop too busy to listen has not heard yet is no silence:
 * turns are counted and not time, and what waits in the sockets is read before the judgement.
 */
export class LinkMonitor {
  private readonly questions = new Map<Redis, Question>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly connections: () => Iterable<Redis>,
    private readonly onSilent: (reason: Error) => void,
  ) {}

  /** Begins to ask. */
  start(): void {
    this.timer ??= setInterval(() => this.turn(), INTERVAL_MS);
  }

  /** For good; reports nothing any more. */
  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.questions.clear();
  }

  private turn(): void {
    const connections = new Set(this.connections());
    for (const connection of this.questions.keys()) {
      if (!connections.has(connection)) this.questions.delete(connection);
    }
    const suspects = [...connections].filter((connection) => this.isSuspect(connection));
    if (suspects.length > 0) setImmediate(() => this.judge(suspects));
  }

  private isSuspect(connection: Redis): boolean {
    const question = this.questions.get(connection);
    if (!question) {
      this.ask(connection);
      return false;
    }
    question.turns += 1;
    return question.turns >= PATIENCE_TURNS;
  }

  private ask(connection: Redis): void {
    const question: Question = { turns: 0, bytesRead: bytesReadBy(connection) };
    this.questions.set(connection, question);
    const isOpen = () => this.questions.get(connection) === question;
    connection.ping().then(
      () => isOpen() && this.questions.delete(connection),
      (error: Error) => isOpen() && this.onSilent(error),
    );
  }

  /** Runs after the sockets were read. Whoever sends something else first is slow, but alive. */
  private judge(suspects: readonly Redis[]): void {
    for (const connection of suspects) {
      const question = this.questions.get(connection);
      if (!question) continue;
      const bytesRead = bytesReadBy(connection);
      if (bytesRead === question.bytesRead) {
        this.onSilent(new Error('no answer for a second'));
        return;
      }
      this.questions.set(connection, Object.assign(question, { bytesRead, turns: 1 }));
    }
  }
}

function bytesReadBy({ stream }: Redis): number {
  // Not there before the first attempt to connect.
  return (stream as Redis['stream'] | undefined)?.bytesRead ?? 0;
}
