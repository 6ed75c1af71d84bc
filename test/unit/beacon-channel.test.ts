// The channel is bounded: in beacons, bytes, requests and time. What is dropped is counted, and told of.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { A, B, settle, setUp, textOf } from './beacon-support';

const tick = (ms = 1) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  vi.restoreAllMocks(); // of the fake clock, so before it goes
  vi.useRealTimers();
});

describe('what waits', () => {
  it('is 100 beacons at most: of those that cannot go, the oldest are dropped', async () => {
    const { channel, beacon, requests, answerAll } = setUp();
    for (let i = 0; i < 130; i++) expect(beacon(i)).toBe(true);
    expect(channel.stats()).toMatchObject({ queued: 100, inFlight: 2, dropped: { queue_full: 28 } });
    await tick();
    await answerAll();
    expect(requests.map(({ item }) => Number(textOf(item)))).toEqual([0, 1, ...Array.from({ length: 100 }, (_, i) => i + 30)]);
    expect(channel.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 102, dropped: { queue_full: 28 } });
  });

  it('is 256 KiB at most: as many of the oldest are dropped as it takes', () => {
    const { channel, beacon } = setUp();
    const kib = 'x'.repeat(1024);
    for (let i = 0; i < 8; i++) beacon(kib.repeat(30));
    expect(channel.stats()).toMatchObject({ queued: 8, bytes: 240 * 1024, dropped: {} });
    beacon(kib.repeat(100));
    expect(channel.stats()).toMatchObject({ queued: 6, inFlight: 2, bytes: 250 * 1024, dropped: { queue_full: 1 } });
  });

  it('is what the options say', () => {
    const { channel, beacon } = setUp({ maxItems: 2, maxBytes: 10 });
    for (const data of ['a', 'b', 'c', 'd', 'e']) beacon(data);
    expect(channel.stats()).toMatchObject({ queued: 2, inFlight: 2, bytes: 2, dropped: { queue_full: 1 } });
    beacon('123456789');
    expect(channel.stats()).toMatchObject({ queued: 2, bytes: 10, dropped: { queue_full: 2 } });
    expect(beacon('12345678901')).toBe(false);
  });

  it('goes although more comes all the time', async () => {
    const { beacon, requests } = setUp();
    for (let i = 0; i < 50; i++) {
      beacon(i);
      await tick(0.2);
    }
    expect(requests.length).toBe(2);
  });
});

describe('on their way', () => {
  it('are 2 to an origin, 4 in all', async () => {
    const { channel, beacon, requests } = setUp();
    for (let i = 0; i < 5; i++) beacon(i);
    await tick();
    expect(requests.length).toBe(2);
    for (let i = 0; i < 5; i++) beacon(i, {}, B);
    for (let i = 0; i < 5; i++) beacon(i, {}, 'http://c.test/');
    await tick();
    expect(requests.map(({ item }) => item.origin)).toEqual(['http://a.test', 'http://a.test', 'http://b.test', 'http://b.test']);
    expect(channel.stats()).toMatchObject({ inFlight: 4, queued: 11 });
    await requests[0]?.answer({ ok: true });
    expect(requests.length).toBe(5);
    expect(channel.stats().inFlight).toBe(4);
  });

  it('another origin goes past one that is full', async () => {
    const { beacon, requests } = setUp({ perOrigin: 1 });
    for (let i = 0; i < 3; i++) beacon(i);
    beacon('b', {}, B);
    await tick();
    expect(requests.map(({ item }) => textOf(item))).toEqual(['0', 'b']);
  });
});

describe('a batch', () => {
  it('goes when it is full by number, the rest when the interval is over', async () => {
    const { channel, beacon, requests, answerAll } = setUp();
    for (let i = 0; i < 45; i++) beacon({ i }, { batch: true });
    await tick();
    expect(requests.map(({ item }) => item.count)).toEqual([20, 20]);
    await answerAll();
    await tick(4_998);
    expect(requests.length).toBe(2);
    await tick(2);
    expect(requests.length).toBe(3);
    expect(JSON.parse(textOf(requests[2]?.item as never))).toEqual([{ i: 40 }, { i: 41 }, { i: 42 }, { i: 43 }, { i: 44 }]);
    await answerAll();
    expect(channel.stats()).toMatchObject({ sent: 45, queued: 0, bytes: 0 });
  });

  it('goes when it is full by bytes, and never is larger, but for one that is so by itself', async () => {
    const { beacon, requests, answerAll } = setUp({ perOrigin: 4 });
    const batch = { bytes: 50, size: 100 };
    for (let i = 0; i < 10; i++) beacon('x'.repeat(10), { batch });
    beacon('y'.repeat(60), { batch });
    await tick();
    await answerAll();
    const sizes = requests.map(({ item }) => item.body.length);
    expect(sizes.filter((size) => size > 50)).toEqual([64]);
    expect(sizes.reduce((a, b) => a + b)).toBeGreaterThan(10 * 12);
  });

  it.each([
    ['that is larger than the queue', {}, { size: 150 }, 1, 120],
    ['of the default size where the queue is smaller', { maxItems: 10 }, true, 1, 15],
    ['that shares the queue with others', {}, true, 6, 114],
    ['where the queue holds fewer bytes', { maxBytes: 1_000 }, true, 1, 120],
  ])('%s loses nothing to a collector that is idle, at once or bit by bit', async (_, settings, batch, urls, beacons) => {
    for (const pause of [0, 3]) {
      const { channel, beacon, answerAll } = setUp(settings);
      for (let i = 0; i < beacons; i++) {
        beacon('0123456789', { batch }, `${A}?${i % urls}`);
        if (pause) await tick(pause);
        await answerAll();
      }
      await tick(5_000);
      await answerAll();
      expect(channel.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: beacons, dropped: {} });
    }
  });

  it('goes as soon as the queue is full, as it cannot grow', async () => {
    const { beacon, requests } = setUp({ maxItems: 10 });
    for (let i = 0; i < 10; i++) beacon(i, { batch: true });
    expect(requests.length).toBe(0);
    await tick();
    expect(requests.map(({ item }) => item.count)).toEqual([10]);
  });

  it('is lines where they are asked for', async () => {
    const { beacon, requests } = setUp();
    const batch = { format: 'lines' as const, size: 2 };
    beacon({ a: 1 }, { batch });
    beacon('{\r\n"b": 12345678901234567890}', { batch });
    await tick();
    expect(requests.map(({ item }) => textOf(item))).toEqual(['{"a":1}\n{ "b": 12345678901234567890}\n']);
  });

  it('is JSON whatever was put in; bytes and forms go alone', async () => {
    const { beacon, requests } = setUp();
    const batch = { size: 6 };
    for (const data of ['text', '[1]', undefined, 3, '4', '{"half":']) beacon(data, { batch });
    beacon(new URLSearchParams({ a: '1' }), { batch });
    await tick();
    expect(requests.map(({ item }) => textOf(item))).toEqual(['["text",[1],null,3,"4","{\\"half\\":"]', 'a=1']);
  });

  it('holds what has the same URL, type, headers and format, and nothing else', async () => {
    const { channel, beacon, requests } = setUp({ perOrigin: 4 });
    const batch = { interval: 10 };
    beacon(1, { batch });
    beacon(2, { batch, headers: { a: '1' } });
    beacon(3, { batch, contentType: 'application/json' });
    beacon(4, { batch: { ...batch, format: 'lines' } });
    beacon(5, { batch }, `${A}?other`);
    beacon(6, { batch });
    await tick(12);
    await requests[0]?.answer({ ok: true });
    expect(requests.map(({ item }) => textOf(item))).toEqual(['[1,6]', '[2]', '[3]', '4\n', '[5]']);
    expect(channel.stats().queued).toBe(0);
  });

  it.each<[string, unknown]>([
    ['numbers that are text', { size: '2' }],
    ['nonsense', { size: Number.NaN, bytes: -1, interval: Symbol('s'), format: 'xml' }],
    ['text', 'yes'],
    ['a number', 5],
  ])('of %s is one by the defaults', async (_, batch) => {
    const { beacon, requests } = setUp();
    for (let i = 0; i < 20; i++) expect(beacon(i, { batch })).toBe(true);
    await tick();
    expect(requests.map(({ item }) => item.count)).toEqual([20]);
  });

  it('counts as one request and, when it is dropped, as all its beacons', async () => {
    const { channel, beacon, answerAll, events } = setUp();
    for (let i = 0; i < 20; i++) beacon(i, { batch: true });
    await tick();
    expect(channel.stats().inFlight).toBe(1);
    await answerAll({ ok: false, reason: 'rejected', status: 400 });
    await tick(1_000);
    expect(channel.stats().dropped).toEqual({ rejected: 20 });
    expect(events).toMatchObject([{ reason: 'rejected', count: 20 }]);
  });
});

/** Timers are cleared one by one, since clearing all would also reset the clock. */
function dropTimers(): void {
  for (const { value } of vi.mocked(setTimeout).mock.results) clearTimeout(value);
}

describe('a worker, whose platform drops the timers and requests of an invocation that is over,', () => {
  beforeEach(() => void vi.spyOn(globalThis, 'setTimeout'));

  it('sends what waited with the next beacon', async () => {
    const { beacon, requests } = setUp();
    beacon('a');
    dropTimers();
    await tick(1_001);
    beacon('b');
    await tick();
    expect(requests.map(({ item }) => textOf(item))).toEqual(['a', 'b']);
  });

  it('counts requests of which nothing is heard as timeouts, and sends on', async () => {
    const { channel, beacon, requests, answerAll } = setUp({ timeout: 100 });
    const invoke = async (data: string): Promise<boolean> => {
      beacon(data);
      const flushed = channel.flush(50);
      await tick(50);
      dropTimers();
      await tick(5_000); // until the next
      return flushed;
    };
    for (const data of ['a', 'b', 'c', 'd']) expect(await invoke(data)).toBe(false);
    expect(requests.map(({ item }) => textOf(item))).toEqual(['a', 'b', 'c', 'd']);
    expect(channel.stats()).toMatchObject({ queued: 0, inFlight: 2, sent: 0, dropped: { timeout: 2 } });
    await requests[0]?.answer({ ok: true }); // too late: counted before
    await answerAll();
    expect(channel.stats()).toMatchObject({ inFlight: 0, sent: 2, dropped: { timeout: 2 } });
  });

  it('is told of drops with the next of them', async () => {
    const { beacon, events } = setUp();
    beacon(10n);
    dropTimers();
    await tick(2_001);
    beacon(10n);
    expect(events).toMatchObject([{ reason: 'serialize_error', count: 2 }]);
  });
});

it('a request that a frozen process had no time for is not given up', async () => {
  const { channel, beacon, requests } = setUp({ timeout: 100 });
  beacon('a');
  await tick();
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
  beacon('b');
  await tick();
  await requests[0]?.answer({ ok: true });
  expect(channel.stats()).toMatchObject({ sent: 1, dropped: {} });
});

describe('flush', () => {
  it('sends what is not full, and is true when all is gone', async () => {
    const { channel, beacon, requests, answerAll } = setUp();
    for (let i = 0; i < 3; i++) beacon(i, { batch: true });
    const flushed = channel.flush();
    await settle();
    expect(requests.map(({ item }) => item.count)).toEqual([3]);
    await answerAll();
    expect(await flushed).toBe(true);
    beacon(4, { batch: true });
    await tick(100);
    expect(requests.length).toBe(1); // the flush is over: a batch waits for company again
  });

  it('is true at once where nothing waits', async () => {
    const { channel } = setUp();
    expect(await channel.flush()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [undefined, 500],
    [120, 120],
    [Number.NaN, 500],
    [-1, 500],
  ])('of %s is false after %i ms', async (timeout, ms) => {
    const { channel, beacon } = setUp();
    beacon(1);
    let result: boolean | undefined;
    void channel.flush(timeout).then((gone) => {
      result = gone;
    });
    await tick(ms - 1);
    expect(result).toBeUndefined();
    await tick(1);
    expect(result).toBe(false);
  });

  it('may be asked for twice, and for ever', async () => {
    const { channel, beacon, answerAll } = setUp();
    beacon(1);
    const flushes = [channel.flush(), channel.flush(Infinity)];
    await settle();
    await answerAll();
    expect(await Promise.all(flushes)).toEqual([true, true]);
    await tick();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('drops', () => {
  it('are told of once a second and reason, and the sums are right', async () => {
    const { channel, beacon, events } = setUp({ maxItems: 1 });
    for (let ms = 0; ms < 3_000; ms += 100) {
      beacon(10n);
      channel.accept('nowhere', {}, 1, {});
      await tick(100);
    }
    await tick(2_000);
    for (const reason of ['serialize_error', 'invalid_url'] as const) {
      const told = events.filter((event) => event.reason === reason);
      expect(told.length).toBeLessThanOrEqual(3);
      expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(30);
      expect(channel.stats().dropped[reason]).toBe(30);
    }
  });

  it('show the URL without its secrets, and the bytes', async () => {
    const { channel, events } = setUp({ maxBytes: 10 });
    channel.accept('http://me:pw@a.test/c?token=secret#part', {}, 'x'.repeat(11), {});
    await tick(1_000);
    expect(events).toEqual([{ reason: 'payload_too_large', count: 1, bytes: 11, url: 'http://a.test/c?token=REDACTED' }]);
  });

  it('are told of once there are timers, though the first came where they throw, as in Workers outside a request', async () => {
    const { channel, events } = setUp();
    vi.spyOn(globalThis, 'setTimeout').mockImplementationOnce(() => {
      throw new Error('Disallowed operation called within global scope.');
    });
    expect(() => channel.accept('nowhere', {}, 1, {})).toThrow('Disallowed');
    channel.accept('nowhere', {}, 1, {});
    await tick(1_000);
    expect(events).toMatchObject([{ reason: 'invalid_url', count: channel.stats().dropped.invalid_url }]);
  });

  it('and the rest of stats() survive JSON, and are a copy', () => {
    const { channel, beacon } = setUp();
    beacon(10n);
    const stats = channel.stats();
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    stats.dropped.serialize_error = 99;
    expect(channel.stats().dropped).toEqual({ serialize_error: 1 });
  });
});

describe('close', () => {
  it('drops what waits and what is on its way, at once and once, and leaves no timer', async () => {
    const { channel, beacon, requests, events, endings } = setUp();
    for (let i = 0; i < 5; i++) beacon(i);
    beacon(6, { batch: true });
    await tick();
    const flushed = channel.flush();
    channel.close();
    channel.close();
    expect(await flushed).toBe(false);
    expect(channel.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 0, dropped: { already_shutdown: 6 } });
    expect(events).toMatchObject([{ reason: 'already_shutdown', count: 6 }]);
    expect(endings()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    await requests[0]?.answer({ ok: false, reason: 'network_error' });
    expect(channel.stats().dropped).toEqual({ already_shutdown: 6 });
    expect(requests.length).toBe(2);
  });

  it('takes no more', () => {
    const { channel, beacon, endings } = setUp();
    channel.close();
    expect(beacon(1)).toBe(false);
    expect(channel.stats().dropped).toEqual({ already_shutdown: 1 });
    expect(endings()).toBeUndefined();
  });
});

describe('the end of the program', () => {
  it('is waited for as long as there is time; what is left is dropped and told of', async () => {
    const { channel, beacon, events, endings, answerAll } = setUp();
    for (let i = 0; i < 5; i++) beacon(i);
    await tick();
    let drained = 0;
    const drain = (ms: number) =>
      endings()
        ?.drain(ms)
        .then(() => void drained++);
    void drain(400);
    await tick(399);
    expect(drained).toBe(0);
    await tick(1);
    expect(drained).toBe(1);
    expect(channel.stats()).toMatchObject({ queued: 0, inFlight: 2, dropped: { already_shutdown: 3 } });
    expect(events).toMatchObject([{ reason: 'already_shutdown', count: 3 }]);
    beacon(6);
    void drain(0);
    await settle();
    expect(drained).toBe(2); // without time, nothing is waited for
    expect(channel.stats()).toMatchObject({ queued: 0, inFlight: 2, dropped: { already_shutdown: 4 } });
    beacon(7);
    void drain(400);
    await answerAll();
    expect(drained).toBe(3);
    expect(channel.stats()).toMatchObject({ queued: 0, inFlight: 0, sent: 3 });
  });
});
