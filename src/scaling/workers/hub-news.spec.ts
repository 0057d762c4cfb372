import { HubNews, type News, type NewsReader } from './hub-news.js';

/** A worker, and whom it was told about. */
class Reader implements NewsReader {
  isLeaving = false;
  readonly told: string[] = [];
  tellNews = (news: News) => void this.told.push(textOf(news));
}

const about = (userId: string): News => ({ kind: 'user', appId: 'app', userId, isOnline: false });
const textOf = (news: News) => (news.kind === 'user' ? news.userId : news.kind);

let news: HubNews;
let passedOn: string[];

beforeEach(() => {
  passedOn = [];
  news = new HubNews((each) => passedOn.push(textOf(each)));
});

function join(): Reader {
  const reader = new Reader();
  news.add(reader);
  return reader;
}

describe('News', () => {
  it('are told to one worker', () => {
    const readers = [join(), join()];
    news.tell(about('1'));
    expect(readers.flatMap(({ told }) => told)).toEqual(['1']);
  });

  it('are told to one that stays, if there is any', () => {
    const [one, two] = [join(), join()];
    one.isLeaving = true;
    news.tell(about('1'));
    two.isLeaving = true;
    news.tell(about('2'));
    expect([one.told, two.told]).toEqual([[], ['1', '2']]);
  });

  it('wait for the first that comes', () => {
    news.tell(about('1'));
    news.tell(about('2'));
    expect([join().told, join().told]).toEqual([['1', '2'], []]);
  });

  it('are told to another when one is gone that did not pass them on', () => {
    const one = join();
    for (const userId of ['1', '2', '3']) news.tell(about(userId));
    const two = join();
    news.told(one, 2);
    expect(passedOn).toEqual(['1', '2']);
    news.remove(one);
    expect(two.told).toEqual(['3']);
    news.remove(two);
    expect(join().told).toEqual(['3']);
  });

  it('are passed on once, whoever says so too often', () => {
    const one = join();
    news.tell(about('1'));
    news.told(one, 5);
    news.told(new Reader(), 5);
    news.remove(one);
    expect(join().told).toEqual([]);
    expect(passedOn).toEqual(['1']);
  });
});
