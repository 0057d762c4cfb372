import { PageExchange, type PageSource } from './page-exchange.js';

type Told = Parameters<PageSource['tell']>[0];

/** Keeps what it is told. */
class FakeWorker implements PageSource {
  isServing = true;
  readonly told: Told[] = [];

  constructor(readonly number: number) {}

  tell(message: Told): void {
    this.told.push(message);
  }

  /** The question it was asked last. */
  get askId(): number {
    return this.told.at(-1)!.askId;
  }
}

function setUp(...numbers: number[]) {
  const workers = numbers.map((number) => new FakeWorker(number));
  return { workers, exchange: new PageExchange(() => workers) };
}

describe('A worker that wants the pages of the others', () => {
  it('gets them when all have answered, under the name of its question', () => {
    const { workers, exchange } = setUp(1, 2, 3);
    const [one, two, three] = workers as [FakeWorker, FakeWorker, FakeWorker];
    exchange.ask(one, 77);
    exchange.take(three, three.askId, 'of 3');
    expect(one.told).toEqual([]);
    exchange.take(two, two.askId, 'of 2');
    expect(one.told).toEqual([{ type: 'pages', askId: 77, pages: ['of 3', 'of 2'] }]);
  });

  it('gets none at once when it is alone, or the others do not serve', () => {
    const { workers, exchange } = setUp(1, 2);
    const [one, two] = workers as [FakeWorker, FakeWorker];
    two.isServing = false;
    exchange.ask(one, 1);
    expect(two.told).toEqual([]);
    expect(one.told).toEqual([{ type: 'pages', askId: 1, pages: [] }]);
  });

  it('gets none of the one that takes its place', () => {
    const { workers, exchange } = setUp(1, 1);
    exchange.ask(workers[0]!, 1);
    expect(workers[1]!.told).toEqual([]);
  });

  it('does not wait for one that is gone', () => {
    const { workers, exchange } = setUp(1, 2, 3);
    const [one, two, three] = workers as [FakeWorker, FakeWorker, FakeWorker];
    exchange.ask(one, 1);
    exchange.forget(two);
    exchange.take(three, three.askId, 'of 3');
    expect(one.told).toEqual([{ type: 'pages', askId: 1, pages: ['of 3'] }]);
  });

  it('gets no page twice, none that nobody asked for, and none late', () => {
    const { workers, exchange } = setUp(1, 2, 3);
    const [one, two, three] = workers as [FakeWorker, FakeWorker, FakeWorker];
    exchange.ask(one, 1);
    const { askId } = two;
    exchange.take(two, askId + 5, 'of no question');
    exchange.take(one, askId, 'of itself');
    exchange.take(two, askId, 'of 2');
    exchange.take(two, askId, 'of 2 again');
    exchange.take(three, askId, 'of 3');
    exchange.take(three, askId, 'of 3, late');
    expect(one.told).toEqual([{ type: 'pages', askId: 1, pages: ['of 2', 'of 3'] }]);
  });

  it('and another one that wants them at the same time get the same', () => {
    const { workers, exchange } = setUp(1, 2);
    const [one, two] = workers as [FakeWorker, FakeWorker];
    exchange.ask(one, 1);
    const ofOne = two.askId;
    exchange.ask(two, 1);
    const ofTwo = one.askId;
    exchange.take(one, ofTwo, 'of 1');
    exchange.take(two, ofOne, 'of 2');
    expect(one.told.at(-1)).toEqual({ type: 'pages', askId: 1, pages: ['of 2'] });
    expect(two.told.at(-1)).toEqual({ type: 'pages', askId: 1, pages: ['of 1'] });
  });
});
