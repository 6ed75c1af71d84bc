// A collector that hangs is left alone for a while, and one that asks for a pause gets it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lane } from '../../src/beacon/lane';
import type { Sent } from '../../src/beacon/sender';
import { B, setUp } from './beacon-support';

const tick = (ms = 1) => vi.advanceTimersByTimeAsync(ms);
const TIMEOUT: Sent = { ok: false, reason: 'timeout' };

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Has so many beacons time out, one after the other. */
async function hang(channel: ReturnType<typeof setUp>, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    channel.beacon(i);
    await tick();
    await channel.answerAll(TIMEOUT);
  }
}

describe('three timeouts in a row', () => {
  it('stop the channel to that origin for 30 s; others go on', async () => {
    const set = setUp();
    await hang(set, 2);
    expect(set.beacon('still taken')).toBe(true);
    await tick();
    for (let i = 0; i < 5; i++) set.beacon(`waits ${i}`);
    set.beacon('b', {}, B);
    await tick();
    await set.requests[2]?.answer(TIMEOUT);
    expect(set.channel.stats().dropped).toMatchObject({ timeout: 3 });
    expect(set.channel.stats().dropped.circuit_open).toBeGreaterThanOrEqual(4); // what waited
    expect(set.beacon('refused')).toBe(false);
    expect(set.beacon('b', {}, B)).toBe(true);
    await tick(29_990);
    expect(set.beacon('refused')).toBe(false);
    await tick(10);
    expect(set.beacon('a probe')).toBe(true);
  });

  it('are followed by one probe: where it hangs 30 s more, where it is answered all is as before', async () => {
    const set = setUp();
    await hang(set, 3);
    await tick(30_000);
    for (let i = 0; i < 4; i++) set.beacon(i);
    await tick();
    expect(set.open.size).toBe(1);
    await set.answerAll(TIMEOUT);
    expect(set.beacon('refused')).toBe(false);
    expect(set.channel.stats().queued).toBe(0);
    await tick(30_000);
    for (let i = 0; i < 4; i++) set.beacon(i);
    await tick();
    expect(set.open.size).toBe(1);
    await [...set.open][0]?.answer({ ok: true });
    expect(set.open.size).toBe(2);
    await set.answerAll();
    expect(set.channel.stats().sent).toBe(4);
    await hang(set, 2);
    expect(set.beacon('taken')).toBe(true);
  });

  it.each<Sent>([{ ok: true }, { ok: false, reason: 'rejected', status: 400 }, { ok: false, reason: 'network_error' }])(
    'are not in a row with %o between them',
    async (between) => {
      const set = setUp();
      await hang(set, 2);
      set.beacon('x');
      await tick();
      await set.answerAll(between);
      await hang(set, 2);
      expect(set.beacon('taken')).toBe(true);
    },
  );
});

describe('a pause', () => {
  it.each<[string, Sent, number]>([
    ['429 with Retry-After', { ok: false, reason: 'rejected', status: 429, retryAfter: 7_000 }, 7_000],
    ['503 with Retry-After', { ok: false, reason: 'rejected', status: 503, retryAfter: 7_000 }, 7_000],
    ['429 without', { ok: false, reason: 'rejected', status: 429 }, 60_000],
    ['429 that asks for an hour', { ok: false, reason: 'rejected', status: 429, retryAfter: 3_600_000 }, 300_000],
  ])('after a %s is kept; what comes or waits meanwhile is dropped', async (_, answer, ms) => {
    const set = setUp({ perOrigin: 1 });
    for (let i = 0; i < 3; i++) set.beacon(i);
    set.beacon('b', {}, B);
    await tick();
    await set.requests[0]?.answer(answer);
    expect(set.channel.stats()).toMatchObject({ queued: 0, inFlight: 1, dropped: { rejected: 1, ratelimit_backoff: 2 } });
    expect(set.beacon('refused')).toBe(false);
    await tick(ms - 1);
    expect(set.beacon('refused')).toBe(false);
    await tick(1);
    expect(set.beacon('taken')).toBe(true);
    await tick();
    expect(set.open.size).toBe(2);
  });

  it.each<[string, Sent]>([
    ['a 503 without Retry-After', { ok: false, reason: 'rejected', status: 503 }],
    ['a 500 with one', { ok: false, reason: 'rejected', status: 500, retryAfter: 9_000 }],
    ['a Retry-After of 0', { ok: false, reason: 'rejected', status: 429, retryAfter: 0 }],
  ])('does not follow %s', async (_, answer) => {
    const set = setUp();
    set.beacon(1);
    await tick();
    await set.answerAll(answer);
    expect(set.beacon('taken')).toBe(true);
  });

  it('does not end early because a second answer asks for less', async () => {
    const set = setUp();
    set.beacon(1);
    set.beacon(2);
    await tick();
    await set.requests[0]?.answer({ ok: false, reason: 'rejected', status: 429, retryAfter: 20_000 });
    await set.requests[1]?.answer({ ok: false, reason: 'rejected', status: 429, retryAfter: 1_000 });
    await tick(19_000);
    expect(set.beacon('refused')).toBe(false);
  });
});

it('remembers a bounded number of origins, and none that hangs is forgotten', async () => {
  const set = setUp();
  await hang(set, 3);
  for (let i = 0; i < 500; i++) {
    set.beacon(i, {}, `http://h${i}.test/`);
    await tick();
    await set.answerAll();
  }
  expect(set.channel.stats().sent).toBe(500);
  expect(set.beacon('refused')).toBe(false);
});

describe('an origin that timed out', () => {
  /** Has one beacon to each of so many other origins end like this, so many milliseconds apart. */
  async function others(
    set: ReturnType<typeof setUp>,
    { times, every, sent }: { times: number; every: number; sent?: Sent },
  ): Promise<void> {
    for (let i = 0; i < times; i++) {
      set.beacon(i, {}, `http://h${i}.test/`);
      await tick(every);
      await set.answerAll(sent);
    }
  }

  it('is forgotten after a while: of thousands that each did once, few are held', async () => {
    const asked = vi.spyOn(Lane.prototype, 'isBusy', 'get');
    const set = setUp();
    await others(set, { times: 2_000, every: 500, sent: TIMEOUT }); // four on their way, each for two seconds
    expect(asked.mock.calls.length).toBeLessThan(2_000);
    await tick(3_600_000);
    asked.mockClear();
    await others(set, { times: 100, every: 1 });
    expect(asked.mock.calls.length).toBeLessThanOrEqual(100); // whoever is asked goes: no more than the bound were left
  });

  it('is remembered for as long as a stop after the last time', async () => {
    const set = setUp();
    await hang(set, 1);
    await tick(20_000);
    await hang(set, 1);
    await others(set, { times: 200, every: 149 }); // 29.8 s
    await hang(set, 1);
    expect(set.beacon('refused')).toBe(false);
  });

  it('is remembered for as long again after a stop: one probe goes first', async () => {
    const set = setUp();
    await hang(set, 3);
    await others(set, { times: 200, every: 299 }); // 59.8 s
    for (let i = 0; i < 4; i++) set.beacon(i);
    await tick();
    expect(set.open.size).toBe(1);
  });
});
