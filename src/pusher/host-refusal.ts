import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { Refusal } from '../extensions/refusal.js';

/** Whether a guard or an extension of a host said no, in any of the ways they have to say it. */
export function isHostRefusal(error: unknown): error is Refusal | WsException | HttpException {
  return error instanceof Refusal || error instanceof WsException || error instanceof HttpException;
}
