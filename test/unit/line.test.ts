import { describe, expect, it } from 'vitest';
import { Line, type Place } from '../../src/util/line';

/** Takes all out, from the first on. */
function all(line: Line<number>): number[] {
  const taken: number[] = [];
  for (let { first } = line; first; first = line.first) {
    taken.push(first.who);
    line.leave(first);
  }
  return taken;
}

const lineOf = (...whos: number[]): { line: Line<number>; places: Place<number>[] } => {
  const line = new Line<number>();
  return { line, places: whos.map((who) => line.add(who)) };
};

describe('a line', () => {
  it('is first come, first served', () => {
    const { line } = lineOf(1, 2, 3);
    expect(line.length).toBe(3);
    expect(all(line)).toEqual([1, 2, 3]);
    expect(line.length).toBe(0);
    expect(line.first).toBeUndefined();
  });

  it.each([
    [0, [2, 3]],
    [1, [1, 3]],
    [2, [1, 2]],
  ])('goes on without who leaves it: place %i', (index, rest) => {
    const { line, places } = lineOf(1, 2, 3);
    expect(line.leave(places[index] as Place<number>)).toBe(true);
    expect(line.length).toBe(2);
    line.add(4);
    expect(all(line)).toEqual([...rest, 4]);
  });

  it.each([
    [[0, 1, 2], [4]],
    [
      [1, 2],
      [1, 4],
    ],
    [
      [2, 1],
      [1, 4],
    ],
    [
      [1, 0],
      [3, 4],
    ],
  ])('goes on without those who leave it: places %j', (indices, rest) => {
    const { line, places } = lineOf(1, 2, 3);
    for (const index of indices) line.leave(places[index] as Place<number>);
    line.add(4);
    expect(all(line)).toEqual(rest);
  });

  it('is left but once', () => {
    const { line, places } = lineOf(1, 2);
    const [first] = places as [Place<number>];
    line.leave(first);
    expect(line.leave(first)).toBe(false);
    expect(line.length).toBe(1);
  });

  it('is not to be seen from a place that was left', () => {
    const { line, places } = lineOf(1, 2, 3);
    all(line);
    for (const place of places) expect(place).toMatchObject({ before: undefined, after: undefined });
  });

  it('begins anew after its last has left', () => {
    const { line, places } = lineOf(1);
    line.leave(places[0] as Place<number>);
    line.add(2);
    line.add(3);
    expect(all(line)).toEqual([2, 3]);
  });
});
