import { RestartError, rollingRestart, type ClusterControl } from './rolling-restart.js';

/** Nodes that stop when asked, and come back under another name unless they are told not to. */
class FakeCluster implements ClusterControl {
  readonly asked: string[] = [];
  private started = 0;

  constructor(
    private present: string[],
    private readonly behaviour: { stops?: boolean; returns?: boolean } = {},
  ) {}

  async nodes(): Promise<readonly string[]> {
    return this.present;
  }

  async restart(nodeId: string): Promise<void> {
    const { stops = true, returns = true } = this.behaviour;
    this.asked.push(`${nodeId} of ${this.present.length}`);
    if (stops) setTimeout(() => (this.present = this.present.filter((id) => id !== nodeId)), 20);
    if (returns) setTimeout(() => this.present.push(`new-${++this.started}`), 40);
  }
}

const said: string[] = [];
const restart = (
  cluster: ClusterControl,
  options: { nodeId?: string; isAllAtOnce?: boolean } = {},
) =>
  rollingRestart(cluster, {
    isAllAtOnce: false,
    timeoutMs: 600,
    settleMs: 10,
    say: (line) => said.push(line),
    ...options,
  });

const faultOf = (restarting: Promise<void>) =>
  restarting.then(
    () => 'nothing',
    (error: unknown) => (error instanceof RestartError ? error.message : String(error)),
  );

beforeEach(() => void said.splice(0));

describe('A restart of a cluster', () => {
  it('takes one node after the other, each when the former was replaced', async () => {
    const cluster = new FakeCluster(['a', 'b', 'c']);
    await restart(cluster);
    expect(cluster.asked).toEqual(['a of 3', 'b of 3', 'c of 3']);
    expect(await cluster.nodes()).toEqual(['new-1', 'new-2', 'new-3']);
    expect(said.filter((line) => line.endsWith('replaced')).length).toBe(3);
  });

  it('takes only the one that is named', async () => {
    const cluster = new FakeCluster(['a', 'b']);
    await restart(cluster, { nodeId: 'b' });
    expect(cluster.asked).toEqual(['b of 2']);
  });

  it('takes all at once if it is told to', async () => {
    const cluster = new FakeCluster(['a', 'b'], { returns: false });
    await restart(cluster, { isAllAtOnce: true });
    expect(cluster.asked).toEqual(['a of 2', 'b of 2']);
  });

  it('ends when a node does not stop, and leaves the others alone', async () => {
    const cluster = new FakeCluster(['a', 'b'], { stops: false, returns: false });
    expect(await faultOf(restart(cluster))).toMatch(/^a has not stopped within 0.6 s/);
    expect(cluster.asked).toEqual(['a of 2']);
  });

  it('ends when nothing takes its place, and leaves the others alone', async () => {
    const cluster = new FakeCluster(['a', 'b'], { returns: false });
    expect(await faultOf(restart(cluster))).toMatch(/^a has stopped, but nothing took its place/);
    expect(cluster.asked).toEqual(['a of 2']);
  });

  it('says which nodes there are when the one that is named is not among them', async () => {
    expect(await faultOf(restart(new FakeCluster(['a', 'b']), { nodeId: 'x' }))).toBe(
      'There is no node x, only a, b.',
    );
    expect(await faultOf(restart(new FakeCluster([])))).toBe('No node is running.');
  });
});
