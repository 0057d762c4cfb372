import type { ChannelEar, Heard } from './cluster-ear.js';
import type { Json, QueryValue } from './signed-request.js';

/** A connection, as the cluster must know it. */
export interface Seat {
  readonly userId: string;
  readonly channels: Iterable<string>;
  readonly isSignedIn: boolean;
}

/** A question that every node must answer alike. */
export interface Question {
  readonly path: string;
  readonly query: Record<string, QueryValue>;
  readonly answer: Json;
}

/** Who is subscribed to each channel. */
function occupantsOf(seats: Iterable<Seat>): Map<string, string[]> {
  const occupants = new Map<string, string[]>();
  for (const { userId, channels } of seats) {
    for (const channel of channels) {
      const users = occupants.get(channel);
      if (users === undefined) occupants.set(channel, [userId]);
      else users.push(userId);
    }
  }
  return occupants;
}

const unique = (ids: Iterable<string>): string[] => [...new Set(ids)].sort();

/** Ids of the users in a presence channel, sorted. */
export function rosterFor(seats: Iterable<Seat>, channel: string): string[] {
  return unique(occupantsOf(seats).get(channel) ?? []);
}

/** Ids of the users who are signed in, sorted. */
export function onlineAmong(seats: Iterable<Seat>): string[] {
  return unique([...seats].filter(({ isSignedIn }) => isSignedIn).map(({ userId }) => userId));
}

/** All that can be asked of the cluster, with the right answers; `rooms` are its presence channels. */
export function questionsAbout(seats: readonly Seat[], rooms: readonly string[]): Question[] {
  const occupants = occupantsOf(seats);
  const names = [...occupants.keys()];
  const counts = (name: string) => ({ subscription_count: occupants.get(name)!.length });
  const userCounts = (name: string) => ({
    ...counts(name),
    user_count: unique(occupants.get(name)!).length,
  });
  const listed = (chosen: readonly string[], describe: (name: string) => object) => ({
    channels: Object.fromEntries(chosen.map((name) => [name, describe(name)])),
  });
  const inRooms = names.filter((name) => name.startsWith('presence-'));
  const roomQuery = { filter_by_prefix: 'presence-', info: 'subscription_count,user_count' };
  return [
    { path: 'connections', query: {}, answer: { connections: seats.length } },
    { path: 'channels', query: { info: 'subscription_count' }, answer: listed(names, counts) },
    { path: 'channels', query: roomQuery, answer: listed(inRooms, userCounts) },
    ...rooms.map((room) => ({
      path: `channels/${room}/users`,
      query: {},
      answer: { users: unique(occupants.get(room) ?? []).map((id) => ({ id })) },
    })),
  ];
}

/** Something published, in the time of who published it. */
export interface Publication {
  readonly id: string;
  readonly channel: string;
  readonly beganMs: number;
  /** It was accepted. */
  readonly endedMs: number;
}

/** What a connection heard of a channel. */
type Hearing = Pick<ChannelEar, 'stays' | 'events'>;

/**
 * What connections to one node got wrong of what was published to one channel. Each has to get once
 * what was published while it was subscribed, and must not get what was published before it asked or
 * after it was gone; the rest at most once.
 *
 * Accepted means handed over: it may still be on the way to the node. It is not any more, once
 * something has come that was published later.
 */
export function deliveryFaults(
  hearings: readonly Hearing[],
  publications: readonly Publication[],
): string[] {
  const heard = hearings.flatMap(({ stays }) => stays.flatMap((stay) => stay.heard));
  const passed = passageTimes(heard, publications);
  return hearings.flatMap((hearing) =>
    publications.flatMap((publication) => {
      const { id, beganMs } = publication;
      const count = hearing.events.filter((other) => other === id).length;
      const isPossible = hearing.stays.some(
        ({ askedMs, goneMs }) => askedMs < passed.get(id)! && beganMs < goneMs,
      );
      if (count > 1) return [`${id} came ${count} times`];
      if (count > 0 && !isPossible) return [`${id} came to who was not there`];
      if (count === 0 && isDue(publication, hearing, publications)) return [`${id} never came`];
      return [];
    }),
  );
}

/** For each publication, when something had come that was published later. */
function passageTimes(
  heard: readonly Heard[],
  publications: readonly Publication[],
): Map<string, number> {
  const beginnings = new Map(publications.map(({ id, beganMs }) => [id, beganMs]));
  const passage = ({ endedMs }: Publication) => {
    const later = heard.filter(({ id }) => (beginnings.get(id) ?? 0) > endedMs);
    return Math.min(Infinity, ...later.map(({ atMs }) => atMs));
  };
  return new Map(publications.map((publication) => [publication.id, passage(publication)]));
}

function isDue(
  { beganMs, endedMs }: Publication,
  { stays }: Hearing,
  publications: readonly Publication[],
): boolean {
  const later = new Set(publications.filter((one) => one.beganMs > endedMs).map(({ id }) => id));
  return stays.some(
    ({ sinceMs, untilMs, heard }) =>
      sinceMs < beganMs && (untilMs === Infinity || heard.some(({ id }) => later.has(id))),
  );
}

/**
 * Whether all could have heard parts of one and the same sequence.
 * @returns ids that some heard in another order than others, undefined if there are none
 */
export function orderFault(heard: readonly (readonly string[])[]): readonly string[] | undefined {
  const followers = new Map<string, Set<string>>();
  const predecessorCounts = new Map<string, number>();
  for (const ids of heard) {
    ids.forEach((id, i) => {
      const before = ids[i - 1];
      if (!followers.has(id)) followers.set(id, new Set());
      if (before === undefined || followers.get(before)!.has(id)) return;
      followers.get(before)!.add(id);
      predecessorCounts.set(id, (predecessorCounts.get(id) ?? 0) + 1);
    });
  }
  const free = [...followers.keys()].filter((id) => !predecessorCounts.has(id));
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    for (const follower of followers.get(id)!) {
      const left = predecessorCounts.get(follower)! - 1;
      predecessorCounts.set(follower, left);
      if (left === 0) free.push(follower);
    }
    followers.delete(id);
  }
  return followers.size === 0 ? undefined : [...followers.keys()].slice(0, 10);
}
