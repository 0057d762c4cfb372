import { readJson } from '../format/json.js';
import type { EventsToPublish } from '../contract.js';

/** An event, as it is typed. */
export interface EventDraft {
  readonly name: string;
  /** Names with white space between them. */
  readonly channels: string;
  readonly data: string;
  readonly socketId: string;
}

/** A field of a draft. */
export type DraftField = keyof EventDraft;

/** What is wrong with a draft, by field. */
export type DraftFaults = Readonly<Partial<Record<DraftField, string>>>;

/** What a new event looks like. */
export const EMPTY_DRAFT: EventDraft = { name: '', channels: '', data: '{}', socketId: '' };

/** The names that a text of channels holds, each once. */
export function channelNamesOf(text: string): string[] {
  return [...new Set(text.split(/\s+/).filter((name) => name !== ''))];
}

/** What can be said against a draft before the server is asked. */
export function faultsOf(draft: EventDraft): DraftFaults {
  const json = readJson(draft.data);
  return {
    ...(draft.name.trim() === '' && { name: 'Name the event.' }),
    ...channelFaults(channelNamesOf(draft.channels)),
    ...('error' in json && { data: json.error }),
    ...(draft.socketId.trim() !== '' &&
      !/^\d+\.\d+$/.test(draft.socketId.trim()) && {
        socketId: 'A socket id is two numbers with a point between them, like 123.456.',
      }),
  };
}

function channelFaults(names: readonly string[]): DraftFaults {
  if (names.length === 0) {
    return { channels: 'Name at least one channel.' };
  }
  const wrong = names.find((name) => !/^#?[-\w=@,.;]+$/.test(name));
  return wrong === undefined ? {} : { channels: `${wrong} cannot be the name of a channel.` };
}

/** What is sent for drafts without faults. */
export function eventsOf(drafts: readonly EventDraft[]): EventsToPublish {
  return {
    events: drafts.map(({ name, channels, data, socketId }) => ({
      name: name.trim(),
      channels: channelNamesOf(channels),
      data: dataOf(data),
      ...(socketId.trim() !== '' && { socket_id: socketId.trim() }),
    })),
  };
}

/** A text as it is, anything else as it is written: what the server does, and no number is changed. */
function dataOf(json: string): string {
  const value = JSON.parse(json) as unknown;
  return typeof value === 'string' ? value : json.trim();
}

/** What the server refused of a request. */
export interface Refusal {
  /** Of the event it is about; the first when it does not say. */
  readonly index: number;
  readonly field?: DraftField;
  /** In words for whoever typed it. */
  readonly words: string;
}

const PLACES: Readonly<Record<string, { readonly field: DraftField; readonly word: string }>> = {
  name: { field: 'name', word: 'Event name' },
  channel: { field: 'channels', word: 'Channel' },
  channels: { field: 'channels', word: 'Channels' },
  data: { field: 'data', word: 'Data' },
  socket_id: { field: 'socketId', word: 'Socket id' },
};

/** Reads which event and field a refusal is about: the server begins it with `events[0].name`. */
export function refusalOf(sentence: string): Refusal {
  const [path = '', index = '0', name = ''] = /^events\[(\d+)\]\.(\w+)/.exec(sentence) ?? [];
  const place = PLACES[name];
  return place === undefined
    ? { index: 0, words: sentence }
    : { index: Number(index), field: place.field, words: place.word + sentence.slice(path.length) };
}
