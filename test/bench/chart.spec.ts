import { resolve } from 'node:path';
import { isWellFormed } from '../harness/markup.js';

const { chart, chartRows } = await import(resolve('bench/chart.js'));
const { cost, gain } = await import(resolve('bench/figure.js'));

const outcomeOf = (values: Record<string, number>, headline: string | undefined = 'A & B') => ({
  targets: Object.keys(values),
  derived: [],
  figures: Object.entries(values).flatMap(([target, value]) => [
    { target, figure: cost('Work', 'CPU', 'µs', value, headline) },
    { target, figure: gain('Work', 'throughput', '', value) },
  ]),
});

describe('The chart', () => {
  it('shows what costs, beside the server it is compared with', () => {
    expect(chartRows(outcomeOf({ ours: 2, naive: 8, other: 12 }), 'naive')).toEqual([
      {
        label: 'A & B',
        bars: [
          { target: 'ours', times: 0.25 },
          { target: 'other', times: 1.5 },
        ],
      },
    ]);
  });

  it.each([
    ['is not told by its name alone', outcomeOf({ ours: 1, naive: 2 }, '')],
    ['the other server does not have', outcomeOf({ ours: 1, naive: Number.NaN })],
    ['costs the other server nothing', outcomeOf({ ours: 1, naive: 0 })],
    ['nobody else has', outcomeOf({ ours: Number.NaN, naive: 1 })],
    ['has become less', outcomeOf({ ours: -1, naive: 1 })],
  ])('leaves out what %s', (_, outcome) => {
    expect(chartRows(outcome, 'naive')).toEqual([]);
    expect(isWellFormed(chart(outcome, 'naive'))).toBe(true);
  });

  const image = chart(outcomeOf({ ours: 2, naive: 8, '<other>': 100 }), 'naive');

  it('is one image with a title and a description for who does not see it', () => {
    expect(isWellFormed(image)).toBe(true);
    expect(image).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]* role="img"/);
    expect(image).toContain('aria-labelledby="title description"');
    expect(image).toMatch(/<title id="title">What .*<\/title>/);
    expect(image).toContain('A &amp; B: ours 0.25, &lt;other&gt; 12.50.</desc>');
  });

  it('says every value, and cuts off bars that leave no room for the others', () => {
    const widths = [...image.matchAll(/<rect [^>]*width="([\d.]+)" height="13"/g)].map(
      ([, width]) => Number(width),
    );
    expect(widths).toEqual([33.3, 400]);
    for (const value of ['0.25', '12.50']) expect(image).toContain(`>${value}</text>`);
  });

  it('has colors for light and dark surroundings, and loads nothing', () => {
    expect(image).toContain('@media (prefers-color-scheme: dark)');
    const colors = (text: string) => text.match(/\.series\d \{ fill: #\w{6} \}/g) ?? [];
    const [light, dark] = image.split('@media') as [string, string];
    expect(colors(light)).toHaveLength(4);
    expect(new Set([...colors(light), ...colors(dark)]).size).toBe(8);
    expect(image).not.toMatch(/href|url\(|<script|@import/);
  });
});
