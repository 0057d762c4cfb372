import type { Application } from '../../applications/application.js';
import { isChannelName } from '../../channels/channel-name.js';
import type { PublishedEvent } from '../../channels/published-event.js';
import { isSocketId } from '../../connections/socket-id.js';
import { badRequest, tooLarge, type ApiError } from './api-error.js';
import type { EventDto, PublishEventDto } from './dto/publish-event.dto.js';

/**
 * Holds a published event against the limits of its application.
 * @param where goes before the name of a field in the sentence, like `batch[2].`
 * @throws ApiError 400 or 413 that names the field
 */
export function eventOf(
  dto: EventDto,
  channels: readonly string[],
  application: Application,
  where = '',
): PublishedEvent {
  const { name, socket_id: socketId } = dto;
  const { maxEventNameLength, maxEventSize } = application;
  if (name.length > maxEventNameLength) {
    throw badRequest(`${where}name has more than ${maxEventNameLength} characters.`);
  }
  for (const channel of channels) checkChannel(channel, application, where);
  if (socketId !== undefined && socketId !== null && !isSocketId(socketId)) {
    throw badRequest(`${where}socket_id must look like 123.456.`);
  }
  const data = typeof dto.data === 'string' ? dto.data : encode(dto.data, where);
  if (exceeds(data, maxEventSize)) {
    throw tooLarge(
      `${where}data: the data content of this event exceeds the allowed maximum (${maxEventSize} bytes).`,
    );
  }
  return { name, data, channels, exceptSocketId: socketId ?? undefined };
}

/**
 * The channels a publish names.
 * @param where as for {@link eventOf}
 * @throws ApiError 400 when there are none or too many
 */
export function channelsOf(
  dto: PublishEventDto,
  application: Application,
  where = '',
): readonly string[] {
  const channels = dto.channels ?? (typeof dto.channel === 'string' ? [dto.channel] : undefined);
  if (channels === undefined) throw badRequest(`${where}channels or channel is missing.`);
  const limit = application.maxEventChannels;
  if (channels.length > limit)
    throw badRequest(`${where}channels names more than ${limit} channels.`);
  return channels;
}

/** @throws ApiError 400 when a channel cannot have this name */
export function checkChannel(channel: string, application: Application, where = ''): void {
  const limit = application.maxChannelNameLength;
  if (!isChannelName(channel, limit)) throw badChannelName(channel, limit, where);
}

function badChannelName(channel: string, limit: number, where: string): ApiError {
  const shown = JSON.stringify(channel.length > 40 ? `${channel.slice(0, 40)}…` : channel);
  return badRequest(
    `${where}channel ${shown} is not a channel name: 1 to ${limit} characters of [-a-zA-Z0-9_=@,.;].`,
  );
}

function encode(data: unknown, where: string): string {
  try {
    return JSON.stringify(data);
  } catch {
    // The only thing that is wrong with a value that came as JSON.
    throw badRequest(`${where}data is nested too deeply.`);
  }
}

/** Whether a text is longer in bytes; most are so short that they need not be measured. */
function exceeds(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}
