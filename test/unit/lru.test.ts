// State per key with bounded memory.
import { expect, it } from 'vitest';
import { Lru } from '../../src/util/lru';

interface Entry {
  key: string;
  busy: boolean;
}

const lruOf = (cap: number): Lru<Entry> =>
  new Lru<Entry>(
    cap,
    (key) => ({ key, busy: false }),
    (entry) => entry.busy,
  );
const keys = (lru: Lru<Entry>): string[] => lru.values().map(({ key }) => key);

it('makes the state of a key once', () => {
  const lru = lruOf(3);
  expect(lru.use('a')).toBe(lru.use('a'));
  expect(lru.peek('a')).toBe(lru.use('a'));
  expect(lru.peek('b')).toBeUndefined();
});

it('beyond the cap lets go of the longest unused', () => {
  const lru = lruOf(3);
  for (const key of ['a', 'b', 'c', 'a', 'd']) lru.use(key);
  expect(keys(lru)).toEqual(['c', 'a', 'd']);
});

it('holds no more than the cap, however many keys come', () => {
  const lru = lruOf(1_000);
  for (let i = 0; i < 100_000; i++) lru.use(`k${i}`);
  expect(lru.values()).toHaveLength(1_000);
  expect(keys(lru).at(0)).toBe('k99000');
});

it('keeps what is busy, and what was just asked for', () => {
  const lru = lruOf(2);
  lru.use('a').busy = true;
  lru.use('b').busy = true;
  const made = lru.use('c');
  expect(lru.peek('c')).toBe(made);
  expect(keys(lru)).toEqual(['a', 'b', 'c']);
  lru.use('d');
  expect(keys(lru).sort()).toEqual(['a', 'b', 'd']);
  expect(keys(lru).at(-1)).toBe('d');
});

it('comes back to the cap once the busy ones are not', () => {
  const lru = lruOf(2);
  for (let i = 0; i < 50; i++) lru.use(`k${i}`).busy = true;
  expect(lru.values()).toHaveLength(50);
  for (const entry of lru.values()) entry.busy = false;
  for (let i = 0; i < 10; i++) lru.use(`new${i}`);
  expect(keys(lru)).toEqual(['new8', 'new9']);
});

it('looks at few entries for each new one, though thousands are busy, and finds those that are not', () => {
  let looks = 0;
  const lru = new Lru<Entry>(
    1_000,
    (key) => ({ key, busy: true }),
    (entry) => ++looks > 0 && entry.busy,
  );
  for (let i = 0; i < 10_000; i++) lru.use(`k${i}`);
  expect(looks).toBeLessThan(100_000); // not all of them each time: 49 million
  expect(lru.values()).toHaveLength(10_000);
  for (const entry of lru.values().slice(0, 2_000)) entry.busy = false;
  for (let i = 0; i < 5_000; i++) lru.use(`new${i}`);
  expect(lru.values()).toHaveLength(13_000);
  expect(lru.values().every(({ busy }) => busy)).toBe(true);
});

it.each([
  ['a', ['b', 'c']],
  ['b', ['a', 'c']],
  ['c', ['a', 'b']],
])('forgets %s, and goes on with the rest in their order', (key, rest) => {
  const lru = lruOf(4);
  for (const key of ['a', 'b', 'c']) lru.use(key);
  lru.delete(key);
  expect(lru.peek(key)).toBeUndefined();
  expect(keys(lru)).toEqual(rest);
  for (const key of ['d', 'e', 'f']) lru.use(key);
  expect(keys(lru)).toEqual([rest[1], 'd', 'e', 'f']);
  lru.use('d');
  lru.use('g');
  expect(keys(lru)).toEqual(['e', 'f', 'd', 'g']);
});

it('does not mind to forget what it does not know', () => {
  const lru = lruOf(3);
  lru.use('a');
  lru.delete('b');
  expect(keys(lru)).toEqual(['a']);
});

it('without a word on what is busy, takes nothing for busy', () => {
  const lru = new Lru(2, (key) => key);
  for (const key of ['a', 'b', 'c']) lru.use(key);
  expect(lru.values()).toEqual(['b', 'c']);
});
