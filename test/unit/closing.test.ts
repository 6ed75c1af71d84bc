// When connections are closed: at once, but where very many are, over the next turns of the event loop.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { closeSoon } from '../../src/transport/node/closing';
import { containedDefects } from '../setup/defects';

let started = 0;
beforeEach(() => {
  vi.useFakeTimers();
  started += 100;
  vi.advanceTimersByTime(started); // what other tests closed is long ago: each has a clock that begins at 0
});
afterEach(() => {
  vi.runAllTimers();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** How many of so many are closed, asked at any time. */
function closing(calls: number): () => number {
  let closed = 0;
  for (let i = 0; i < calls; i++) closeSoon(() => void closed++);
  return () => closed;
}

/** A turn of the event loop. */
const turn = (): void => void vi.advanceTimersToNextTimer();

it('a few are closed on the spot, and nothing is left to do', () => {
  expect(closing(8)()).toBe(8);
  expect(vi.getTimerCount()).toBe(0);
});

it('of many the rest are closed in the turns that follow, in their order', () => {
  const order: number[] = [];
  for (let i = 0; i < 20; i++) closeSoon(() => void order.push(i));
  expect(order).toHaveLength(8);
  turn();
  expect(order).toHaveLength(16);
  closeSoon(() => void order.push(20)); // not before those that wait
  turn();
  expect(order).toEqual(Array.from({ length: 21 }, (_, i) => i));
  expect(vi.getTimerCount()).toBe(0);
});

it('so many are closed on the spot again a moment later', () => {
  expect(closing(8)()).toBe(8);
  const sooner = vi.fn();
  vi.advanceTimersByTime(2);
  closeSoon(sooner);
  expect(sooner).not.toHaveBeenCalled();
  turn();
  expect(sooner).toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(closing(8)()).toBe(8);
});

it('a clock that goes back keeps none waiting', () => {
  expect(closing(8)()).toBe(8);
  const at = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(at - 60_000);
  const later = vi.fn();
  closeSoon(later);
  expect(later).toHaveBeenCalled();
});

it('those that wait for a turn which a fake clock took along are closed with the next', async () => {
  let late = 0;
  for (let i = 0; i < 20; i++) closeSoon(() => void late++);
  expect(late).toBe(8);
  vi.useRealTimers();
  vi.spyOn(performance, 'now').mockReturnValue(1e9);
  closeSoon(() => void late++);
  vi.restoreAllMocks();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(late).toBe(21);
  vi.useFakeTimers();
});

it('one that fails to close keeps none of the others open', () => {
  const closed = vi.fn();
  const fails = (): void => {
    throw new Error('no socket of Node');
  };
  for (let i = 0; i < 8; i++) closeSoon(() => {});
  for (const close of [fails, closed, fails, closed]) closeSoon(close);
  turn();
  expect(closed).toHaveBeenCalledTimes(2);
  expect(containedDefects()).toHaveLength(2);
});

it('they are closed also where there is no setImmediate, as in jsdom', () => {
  vi.stubGlobal('setImmediate', undefined);
  const closed = vi.fn();
  for (let i = 0; i < 20; i++) closeSoon(closed);
  vi.runAllTimers();
  vi.unstubAllGlobals();
  expect(closed).toHaveBeenCalledTimes(20);
});
