// What a page leaves to the browser when it goes away, and what becomes of the rest.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Item } from '../../src/beacon/item';
import type { Sent } from '../../src/beacon/sender';
import { A, B, setUp, textOf } from './beacon-support';

/** A browser that takes what fits in the 64 KiB all requests share. */
function browser(quota = 65_536) {
  const offered: Item[] = [];
  const taken: Item[] = [];
  let left = quota;
  const set = setUp(
    {},
    {
      handOver: (item) => {
        offered.push(item);
        if (item.body.length > left) return false;
        left -= item.body.length;
        taken.push(item);
        return true;
      },
    },
  );
  return { ...set, offered, taken };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('a page that leaves', () => {
  it('hands all over, small ones first, and what is too large costs only itself', () => {
    const { channel, beacon, endings, taken } = browser();
    for (const size of [50_000, 70_000, 10, 5_000]) beacon('x'.repeat(size));
    endings()?.handOver('leaving');
    expect(taken.map(({ body }) => body.length)).toEqual([10, 5_000, 50_000]);
    expect(channel.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 3, dropped: { quota_exceeded: 1 } });
  });

  it('hands batches over in requests that keep to their size and bytes', () => {
    const { channel, beacon, endings, taken } = browser();
    for (let i = 0; i < 100; i++) beacon({ i }, { batch: true });
    endings()?.handOver('leaving');
    expect(taken.map(({ count }) => count)).toEqual([20, 20, 20, 20, 20]);
    expect(taken.flatMap((item) => JSON.parse(textOf(item)) as unknown[]).length).toBe(100);
    expect(channel.stats().sent).toBe(100);
  });

  it('splits a batch that the browser refuses once, and drops what does not fit then', () => {
    const { channel, beacon, endings, offered, taken } = browser(4_000);
    for (let i = 0; i < 6; i++) beacon('x'.repeat(1_000), { batch: true });
    endings()?.handOver('leaving');
    expect(offered.map(({ count }) => count)).toEqual([6, 3, 3]);
    expect(taken.map(({ count }) => count)).toEqual([3]);
    expect(channel.stats()).toMatchObject({ sent: 3, queued: 0, dropped: { quota_exceeded: 3 } });
  });

  it('leaves a collector alone that has asked for it, and gives one that has hung three requests', async () => {
    const { channel, beacon, endings, requests, taken } = browser();
    beacon(0);
    await vi.advanceTimersByTimeAsync(1);
    for (let i = 1; i < 10; i++) beacon(i);
    for (let i = 0; i < 10; i++) beacon(i, {}, B);
    await requests[0]?.answer({ ok: false, reason: 'timeout' });
    const waiting = channel.stats().queued;
    endings()?.handOver('leaving');
    const toA = taken.filter(({ url }) => url === A);
    const toB = taken.filter(({ url }) => url === B);
    expect(toA.length).toBe(0);
    expect(toB.length).toBeGreaterThanOrEqual(8);
    expect(channel.stats().dropped).toEqual({ timeout: 1, circuit_open: waiting - toA.length - toB.length });
  });

  it('hands over again to a collector whose timeout is 30 s ago', async () => {
    const { beacon, endings, taken, answerAll } = browser();
    beacon('x');
    await vi.advanceTimersByTimeAsync(1);
    await answerAll({ ok: false, reason: 'timeout' });
    await vi.advanceTimersByTimeAsync(29_000);
    beacon('x');
    endings()?.handOver('leaving');
    expect(taken.length).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    beacon('x');
    endings()?.handOver('leaving');
    expect(taken.length).toBe(1);
  });

  it.each<[Sent, number]>([
    [{ ok: false, reason: 'network_error' }, 0],
    [{ ok: false, reason: 'rejected', status: 500 }, 1],
  ])('hands nothing over for a collector that has not answered since it timed out: %o is what came then', async (then, most) => {
    const { beacon, endings, taken, answerAll } = browser();
    for (const sent of [{ ok: false, reason: 'timeout' }, then] satisfies Sent[]) {
      beacon('x');
      await vi.advanceTimersByTimeAsync(1);
      await answerAll(sent);
    }
    beacon('x');
    endings()?.handOver('leaving');
    expect(taken.length).toBe(most);
  });
});

describe('a page that is hidden', () => {
  it('hands three requests over, which leave its connections free, and goes on sending the others', async () => {
    const { channel, beacon, endings, taken, requests, answerAll } = browser();
    for (let i = 0; i < 10; i++) beacon(i);
    endings()?.handOver('hidden');
    expect(taken.length).toBe(3);
    endings()?.handOver('hidden');
    expect(taken.length).toBe(3);
    expect(channel.stats()).toMatchObject({ queued: 7, sent: 3, dropped: {} });
    await vi.advanceTimersByTimeAsync(1);
    await answerAll();
    expect(requests.length).toBe(7);
    expect(channel.stats().sent).toBe(10);
    await vi.advanceTimersByTimeAsync(30_000);
    beacon(11);
    endings()?.handOver('hidden');
    expect(taken.length).toBe(4);
  });

  it('hands no more over, after 30 s or more, until the collector has answered since: what hangs keeps its connection', async () => {
    const { beacon, endings, taken, answerAll } = browser();
    const hide = async (): Promise<number> => {
      await vi.advanceTimersByTimeAsync(60_000);
      beacon('x');
      endings()?.handOver('hidden');
      return taken.length;
    };
    for (let i = 0; i < 3; i++) beacon(i);
    endings()?.handOver('hidden');
    expect(await hide()).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    await answerAll({ ok: false, reason: 'timeout' });
    expect(await hide()).toBe(3);
    await vi.advanceTimersByTimeAsync(1);
    await answerAll({ ok: false, reason: 'rejected', status: 500 });
    expect(await hide()).toBe(4);
  });

  it.each([
    [true, 4],
    [false, 3],
  ])('is told whether what it handed over was answered: %s', async (answered, most) => {
    const told: ((answered: boolean) => void)[] = [];
    const handOver = (_: Item, ended: (answered: boolean) => void): boolean => {
      vi.advanceTimersByTime(1); // to hand it over takes a moment
      return told.push(ended) > 0;
    };
    const { channel, beacon, endings } = setUp({}, { handOver });
    for (let i = 0; i < 3; i++) beacon(i);
    endings()?.handOver('hidden');
    for (const ended of told) ended(answered);
    expect(channel.stats()).toMatchObject(answered ? { sent: 3, dropped: {} } : { sent: 0, dropped: { network_error: 3 } });
    await vi.advanceTimersByTimeAsync(30_000);
    beacon(4);
    endings()?.handOver('hidden');
    expect(told.length).toBe(most);
  });

  it('keeps what the browser refuses', () => {
    const { channel, beacon, endings } = browser();
    beacon('x'.repeat(70_000));
    endings()?.handOver('hidden');
    expect(channel.stats()).toMatchObject({ queued: 1, sent: 0, dropped: {} });
  });
});

describe('what is made in the turn that may be the last', () => {
  function leaving() {
    const taken: Item[] = [];
    const handOver = (item: Item): boolean => taken.push(item) > 0;
    return { ...setUp({}, { ending: () => 'leaving', handOver }), taken };
  }

  it('is handed over at the end of the turn, in one batch', async () => {
    const { beacon, taken } = leaving();
    for (let i = 0; i < 3; i++) beacon(i, { batch: true });
    expect(taken).toEqual([]);
    await Promise.resolve();
    expect(taken.map(textOf)).toEqual(['[0,1,2]']);
  });

  it('is handed over earlier where it is more than may wait', async () => {
    const { channel, beacon, taken, requests } = leaving();
    for (let i = 0; i < 130; i++) beacon(i);
    await Promise.resolve();
    expect(channel.stats()).toMatchObject({ queued: 0, sent: 130, dropped: {} });
    expect([taken.length, requests.length]).toEqual([130, 0]);
  });
});
