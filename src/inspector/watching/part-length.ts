import type { TracePart } from '../contract.js';

/** Of all that is as long in every part. */
const FRAME_LENGTH = 220;
const SOCKET_ID_LENGTH = 24;

/** About how many characters a step of an event takes as JSON. */
export function roughLengthOf(part: TracePart): number {
  let length = FRAME_LENGTH;
  if (part.step !== 'taken') length += part.channel.length;
  if (part.step === 'fanned-out') length += (part.slowSockets?.length ?? 0) * SOCKET_ID_LENGTH;
  else length += part.error?.length ?? 0;
  return length;
}
