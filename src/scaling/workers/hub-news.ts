import type { MembersChange, PlaceChange } from '../state-store.js';

/** What changed although nobody called for it. */
export type News =
  | { readonly kind: 'members'; readonly change: MembersChange }
  | {
      readonly kind: 'user';
      readonly appId: string;
      readonly userId: string;
      readonly isOnline: boolean;
    }
  | { readonly kind: 'place'; readonly change: PlaceChange }
  /** A node died, perhaps before it could tell what it had done. Comes behind what is known of that. */
  | { readonly kind: 'death' };

/** A worker that passes news on to all. */
export interface NewsReader {
  /** It is about to stop. */
  readonly isLeaving: boolean;
  tellNews(news: News): void;
}

/**
 * Has one worker pass on each piece of news. What a worker was told and had not passed on when it died
 * is told to another one; what nobody is there for waits for the next that comes.
 */
export class HubNews {
  /** What each worker was told and has not passed on, oldest first. */
  private readonly untold = new Map<NewsReader, News[]>();
  private waiting: News[] = [];

  /** @param onTold called with each piece of news that was passed on */
  constructor(private readonly onTold: (news: News) => void) {}

  tell(news: News): void {
    const reader = this.reader;
    if (reader === undefined) return void this.waiting.push(news);
    this.untold.get(reader)!.push(news);
    reader.tellNews(news);
  }

  /** Somebody was told something, and has not passed it on. */
  get isUntold(): boolean {
    return [...this.untold.values()].some(({ length }) => length > 0);
  }

  /** So many of what a worker was told, the oldest, are passed on. */
  told(reader: NewsReader, count: number): void {
    const told = this.untold.get(reader)?.splice(0, count) ?? [];
    for (const news of told) this.onTold(news);
  }

  /** A worker is there. */
  add(reader: NewsReader): void {
    this.untold.set(reader, []);
    this.tellAll(this.waiting);
  }

  /** A worker is gone. */
  remove(reader: NewsReader): void {
    const news = this.untold.get(reader) ?? [];
    this.untold.delete(reader);
    this.tellAll(news);
  }

  private tellAll(news: readonly News[]): void {
    this.waiting = [];
    for (const each of news) this.tell(each);
  }

  private get reader(): NewsReader | undefined {
    let last: NewsReader | undefined;
    for (const reader of this.untold.keys()) {
      if (!reader.isLeaving) return reader;
      last = reader;
    }
    return last;
  }
}
