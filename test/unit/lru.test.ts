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
  expect(keys(lru)).toEqual(['a', 'b', 'd']);
});

it('comes back to the cap once the busy ones are not', () => {
  const lru = lruOf(2);
  for (let i = 0; i < 50; i++) lru.use(`k${i}`).busy = true;
  expect(lru.values()).toHaveLength(50);
  for (const entry of lru.values()) entry.busy = false;
  lru.use('new');
  expect(keys(lru)).toEqual(['k49', 'new']);
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
