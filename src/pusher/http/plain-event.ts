import type { BatchEventDto } from './dto/batch-events.dto.js';
import type { PublishEventDto } from './dto/publish-event.dto.js';

/**
 * Whether a body is so plainly right that the decorators of PublishEventDto need not be asked, which
 * costs more than all else that is done for a publish. What is not plain is left to them, so they
 * stay the truth; a test holds the two together.
 */
export function isPlainEvent(body: object): body is PublishEventDto {
  const { name, data, channel, channels, socket_id, info, idempotency_key } =
    body as Partial<PublishEventDto>;
  return (
    typeof name === 'string' &&
    name !== '' &&
    data !== undefined &&
    (channels === undefined ? typeof channel === 'string' : areNames(channels)) &&
    isAbsentOrText(channel) &&
    isAbsentOrText(socket_id) &&
    isAbsentOrText(info) &&
    idempotency_key === undefined
  );
}

/** The same for an event of a batch, and BatchEventDto. */
export function isPlainBatchEvent(item: unknown): item is BatchEventDto {
  if (typeof item !== 'object' || item === null || 'channels' in item) return false;
  return isPlainEvent(item);
}

function areNames(channels: unknown): boolean {
  if (!Array.isArray(channels) || channels.length === 0) return false;
  return channels.every((channel) => typeof channel === 'string');
}

function isAbsentOrText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
