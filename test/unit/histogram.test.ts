// Quantiles in fixed log buckets, against exact ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../src/telemetry/histogram';
import { runs } from '../setup/sample';
import { randomFrom } from './telemetry-support';

const HOUR = 3_600_000;

function histogramOf(values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

/** The value that `percent` of 100 do not exceed, by nearest rank; in whole numbers, so that no rounding moves the rank. */
const exact = (percent: number, values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.max(1, Math.ceil((percent * values.length) / 100)) - 1] ?? Number.NaN;

function expectWithin2Percent(told: number, value: number): void {
  expect(Math.abs(told / value - 1), `${told} told of ${value}`).toBeLessThan(0.02);
}

const duration = fc.double({ min: 0.1, max: HOUR, noNaN: true });
/** As many of each order of magnitude. */
const anyMagnitude = fc.double({ min: -1, max: Math.log10(HOUR), noNaN: true }).map((power) => 10 ** power);

describe('a quantile', () => {
  it('is within 2 % of the value, from 0.1 ms to an hour', () => {
    fc.assert(
      fc.property(fc.oneof(duration, anyMagnitude), (value) => expectWithin2Percent(Histogram.quantile(0.5, histogramOf([value])), value)),
      { numRuns: runs(5_000) },
    );
    for (const value of [0.1, HOUR]) expectWithin2Percent(Histogram.quantile(1, histogramOf([value])), value);
  });

  it('is within 2 % of the exact one, of any values', () => {
    fc.assert(
      fc.property(fc.array(anyMagnitude, { minLength: 1, maxLength: 300 }), (values) => {
        for (const percent of [50, 95, 99])
          expectWithin2Percent(Histogram.quantile(percent / 100, histogramOf(values)), exact(percent, values));
      }),
    );
  });

  const random = randomFrom(1);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sampled = (make: () => number, size = 20_000): number[] => Array.from({ length: size }, make);

  it.each<[string, number[]]>([
    ['lognormal values', sampled(() => Math.exp(4 + normal()))],
    ['a cache and its misses', sampled(() => (random() < 0.6 ? 2 + random() : 900 + 200 * random()))],
    ['values that are all the same', sampled(() => 137, 1_000)],
    ['one value', [42]],
    ['two values', [1, 1_000]],
    ['100 values', sampled(() => 1 + 1_000 * random(), 100)],
  ])('of %s is within 2 % of the exact one', (_, values) => {
    for (const percent of [50, 95, 99])
      expectWithin2Percent(Histogram.quantile(percent / 100, histogramOf(values)), exact(percent, values));
  });

  it('of several histograms is that of all their values', () => {
    const [fast, slow] = [sampled(() => 10 + random(), 900), sampled(() => 5_000 + random(), 100)];
    for (const percent of [50, 89, 91, 95, 99]) {
      const merged = Histogram.quantile(percent / 100, histogramOf(fast), histogramOf(slow));
      expect(merged).toBe(Histogram.quantile(percent / 100, histogramOf([...slow, ...fast])));
      expectWithin2Percent(merged, exact(percent, [...fast, ...slow]));
    }
  });

  it('of nothing is 0, and nothing adds nothing', () => {
    expect(Histogram.quantile(0.5)).toBe(0);
    expect(Histogram.quantile(0.99, new Histogram(), new Histogram())).toBe(0);
    expectWithin2Percent(Histogram.quantile(0.5, new Histogram(), histogramOf([8]), new Histogram()), 8);
  });

  it('of a cleared histogram is 0', () => {
    const histogram = histogramOf([1, 2, 3]);
    histogram.clear();
    expect([histogram.count, Histogram.quantile(1, histogram)]).toEqual([0, 0]);
  });
});

describe('a value that is no duration', () => {
  it.each([0, -0, -1, -Infinity, Number.NaN, 0.05])('%d counts as the shortest', (value) => {
    expectWithin2Percent(Histogram.quantile(1, histogramOf([value])), 0.1);
  });

  it.each([HOUR + 1, 1e12, Infinity])('%d counts as an hour', (value) => {
    expectWithin2Percent(Histogram.quantile(1, histogramOf([value])), HOUR);
  });

  it('leaves the others as they are', () => {
    const histogram = histogramOf([Number.NaN, -5, ...Array<number>(96).fill(50), Infinity, 1e12]);
    expect(histogram.count).toBe(100);
    for (const share of [0.03, 0.5, 0.98]) expectWithin2Percent(Histogram.quantile(share, histogram), 50);
  });
});
