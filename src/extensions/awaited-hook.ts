import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { withDeadline } from '../deadline.js';
import { OverloadError } from '../scaling/overload-error.js';
import type { HookCall } from './hook-call.js';
import { Refusal } from './refusal.js';

/**
 * Puts what a hook returned into what it was asked about; null lets that drop.
 * @throws TypeError when it is none of what the hook may return
 */
export type Fold<E> = (asked: E, answer: unknown) => E | null;

/** One kind of hook that is waited for, of all extensions that have it. */
export class AwaitedHook<E> {
  constructor(
    private readonly calls: readonly HookCall[],
    private readonly fold: Fold<E>,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Asks the extensions one after the other.
   * @returns what they made of it; null when one of them lets it drop
   * @throws whatever one of them refused it with, or HookFault
   */
  async ask(asked: E): Promise<E | null> {
    let current = asked;
    for (const call of this.calls) {
      const answered = await this.askOne(call, current);
      if (answered === null) return null;
      current = answered;
    }
    return current;
  }

  private async askOne(call: HookCall, asked: E): Promise<E | null> {
    try {
      const returned = call.invoke(asked);
      const answer = isThenable(returned)
        ? await withDeadline(Promise.resolve(returned), this.timeoutMs)
        : returned;
      return answer === undefined ? asked : this.fold(asked, answer);
    } catch (error) {
      throw isRefusal(error) ? error : call.fault(error);
    }
  }
}

/** Whether a value is waited for by `await`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Refusal ||
    error instanceof HttpException ||
    error instanceof WsException ||
    error instanceof OverloadError
  );
}
