/** Joined writes are capped, so that one slow reader does not pin a large copy. */
const MAX_JOINED_SIZE = 64 * 1024;

/** Joins frames into as few buffers as the cap allows. A frame that stands alone is not copied. */
export function join(frames: readonly Buffer[]): readonly Buffer[] {
  if (frames.length <= 1) return frames;
  const joined: Buffer[] = [];
  let start = 0;
  let size = 0;
  for (let i = 0; i <= frames.length; i++) {
    const next = frames[i]?.length ?? Infinity;
    if (size > 0 && size + next > MAX_JOINED_SIZE) {
      joined.push(i - start === 1 ? frames[start]! : Buffer.concat(frames.slice(start, i), size));
      start = i;
      size = 0;
    }
    size += next;
  }
  return joined;
}
