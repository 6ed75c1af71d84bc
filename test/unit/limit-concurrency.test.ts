// So many at a time, the rest in order. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Client,
  createClient,
  isLimited,
  type LimitedEvent,
  type LimitOptions,
  type Policies,
  type RequestConfig,
} from '../../src/index';
import { ask, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;

function start(limit: LimitOptions, policies: Policies = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, breaker: false, limit, ...policies });
}

/** Begins a call that reaches the upstream, or waits. */
async function begin(config = {}): Promise<Promise<number | string>[]> {
  const call = ask(client, config);
  await settled();
  return [call];
}

const answerFirst = async (): Promise<void> => {
  upstream.held.shift()?.answer(200);
  await settled();
};

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
  upstream.does = 'hang';
});

afterEach(async () => {
  await client.close();
  vi.useRealTimers();
});

describe('concurrency', () => {
  it('refuses at once what is more, where nothing may wait', async () => {
    start({ concurrency: 2 });
    const events: LimitedEvent[] = [];
    client.on('limited', (event) => events.push(event));
    const calls = [await begin(), await begin()].flat();
    const error = await errorOf(client.get(URL));
    expect(isLimited(error) && error).toMatchObject({ code: 'ELIMITED', limit: 'concurrency' });
    expect(error).not.toHaveProperty('retryAfter');
    expect(events).toMatchObject([{ endpoint: ENDPOINT, limit: 'concurrency' }]);
    expect(upstream.requests).toBe(2);
    await answerFirst();
    const [third] = await begin();
    expect(upstream.requests).toBe(3);
    await answerFirst();
    await answerFirst();
    expect(await Promise.all([...calls, third])).toEqual([200, 200, 200]);
  });

  it('queues in order, as many as may, and refuses the next', async () => {
    start({ concurrency: 1, maxQueue: 2 });
    const calls = [];
    for (const name of ['a', 'b', 'c']) calls.push(...(await begin({ url: `${URL}?${name}` })));
    expect(await ask(client)).toBe('ELIMITED');
    const order: string[] = [];
    while (upstream.held.length) {
      order.push(upstream.held[0]?.url.at(-1) ?? '');
      expect(upstream.held).toHaveLength(1);
      await answerFirst();
    }
    expect(order).toEqual(['a', 'b', 'c']);
    expect(await Promise.all(calls)).toEqual([200, 200, 200]);
  });

  it.each<[string, number | `E${string}`]>([
    ['a failure', 500],
    ['an error', 'ECONNRESET'],
  ])('gives the place on after %s', async (_, end) => {
    start({ concurrency: 1, maxQueue: 1 });
    const calls = [await begin(), await begin()].flat();
    upstream.held.shift()?.answer(end);
    await settled();
    expect(upstream.requests).toBe(2);
    await answerFirst();
    expect(await Promise.all(calls)).toEqual([end, 200]);
  });

  it('gives the place on when the call in it is aborted, though what does the I/O never ends', async () => {
    start({ concurrency: 1, maxQueue: 1 });
    const controller = new AbortController();
    const [first] = await begin({ signal: controller.signal });
    await begin();
    expect(upstream.requests).toBe(1);
    controller.abort();
    expect(await first).toBe('ERR_CANCELED');
    await settled();
    expect(upstream.requests).toBe(2);
  });

  it('gives the place on after a timeout', async () => {
    start({ concurrency: 1, maxQueue: 1 });
    const [first] = await begin({ timeout: 1_000 });
    await begin();
    await vi.advanceTimersByTimeAsync(1_010);
    expect(await first).toBe('ETIMEDOUT');
    expect(upstream.requests).toBe(2);
  });

  it.each([
    ['endpoint', [1, 1, 2, 3]],
    ['origin', [1, 1, 1, 2]],
    ['client', [1, 1, 1, 1]],
  ] as const)('is shared per %s', async (per, reached) => {
    start({ concurrency: 1, maxQueue: 10, per });
    const seen: number[] = [];
    for (const url of [URL, URL, 'http://up.test/orders', 'http://other.test/']) {
      await begin({ url });
      seen.push(upstream.requests);
    }
    expect(seen).toEqual(reached);
  });

  it('of an endpoint is not forgotten while a place is taken or waited for, however many other endpoints there are', async () => {
    start({ concurrency: 1, maxQueue: 1 });
    await begin();
    await begin();
    upstream.does = 200;
    for (let n = 0; n < 1_100; n++) expect(await ask(client, { endpoint: `other ${n}` })).toBe(200);
    expect(await ask(client)).toBe('ELIMITED');
    await answerFirst();
    expect(upstream.requests).toBe(1_102);
  });

  it('and the rate: both must have room', async () => {
    start({ concurrency: 1, rate: 2, interval: 1_000, maxQueue: 5 });
    for (let i = 0; i < 3; i++) await begin();
    expect(upstream.requests).toBe(1);
    await answerFirst();
    expect(upstream.requests).toBe(2);
    await answerFirst();
    expect(upstream.requests).toBe(2);
    await vi.advanceTimersByTimeAsync(510);
    expect(upstream.requests).toBe(3);
  });

  it('is not limited where only the rate is, or by one request of those that share an endpoint', async () => {
    start({ rate: 100 });
    for (let i = 0; i < 5; i++) await begin();
    expect(upstream.requests).toBe(5);
    start({ concurrency: 1 });
    await begin();
    await begin({ limit: false });
    expect(upstream.requests).toBe(7);
    expect(await ask(client)).toBe('ELIMITED');
  });

  it.each<[string, LimitOptions, RequestConfig, RequestConfig]>([
    ['by the request', { concurrency: 1, maxQueue: 1 }, { limit: false }, {}],
    ['by the client', { maxQueue: 1 }, {}, { limit: { concurrency: 1 } }],
  ])('is not used up by a call without: %s', async (_, limit, without, within) => {
    start(limit);
    const [free] = await begin(without);
    const [first] = await begin(within);
    const [second] = await begin(within);
    expect(upstream.requests).toBe(2);
    await answerFirst(); // of the one without: its end gives nobody a place
    expect(await free).toBe(200);
    expect(upstream.requests).toBe(2);
    await answerFirst();
    await answerFirst();
    expect(await Promise.all([first, second])).toEqual([200, 200]);
  });

  describe('of a request', () => {
    const URL_B = 'http://up.test/b';
    const one = { url: URL_B, limit: { concurrency: 1 } };

    it('holds for it in the queue as well, whoever leaves', async () => {
      start({ concurrency: 10, per: 'client', maxQueue: 100 });
      for (let n = 0; n < 6; n++) await begin();
      for (let n = 0; n < 3; n++) await begin(one);
      for (let left = 5; left >= 1; left--) {
        await answerFirst();
        expect(upstream.held).toHaveLength(left);
      }
      for (let n = 0; n < 3; n++) {
        await answerFirst();
        expect(upstream.held.map(({ url }) => url)).toEqual([URL_B]);
      }
      await answerFirst();
      expect(upstream.requests).toBe(9);
    });

    it('keeps nobody waiting for whom there is room', async () => {
      start({ concurrency: 10, per: 'client' });
      await begin();
      await begin({ url: URL_B, limit: { concurrency: 1, maxQueue: 5 } });
      await begin();
      expect(upstream.held.map(({ url }) => url)).toEqual([URL, URL]);
      await answerFirst();
      expect(upstream.held).toHaveLength(1);
      await answerFirst();
      expect(upstream.held.map(({ url }) => url)).toEqual([URL_B]);
    });

    it('keeps nobody waiting in the queue either, where those with the same limit are in order', async () => {
      start({ concurrency: 3, per: 'client', maxQueue: 10 });
      for (let n = 0; n < 3; n++) await begin({ url: `${URL}?${n}` });
      await begin(one);
      for (let n = 3; n < 5; n++) await begin({ url: `${URL}?${n}` });
      const order: (string | undefined)[] = [];
      while (upstream.held.length) {
        order.push(upstream.held[0]?.url.replace(/.*\?/, ''));
        await answerFirst();
      }
      expect(order).toEqual(['0', '1', '2', '3', '4', URL_B]);
    });

    it('counts those that are there under a larger one', async () => {
      start({ concurrency: 1, per: 'client', maxQueue: 5 });
      await begin();
      await begin({ url: URL_B, limit: { concurrency: 2 } });
      await begin({ url: `${URL}?last` });
      expect(upstream.held.map(({ url }) => url)).toEqual([URL, URL_B]);
      await answerFirst();
      expect(upstream.held).toHaveLength(1);
      await answerFirst();
      expect(upstream.held.map(({ url }) => url)).toEqual([`${URL}?last`]);
    });
  });

  it('holds nothing during back-off: a call that will be repeated leaves its place to others', async () => {
    start({ concurrency: 1, maxQueue: 5 }, { retry: { baseDelay: 1_000, jitter: 'none' } });
    const [first] = await begin({ url: `${URL}?first` });
    upstream.held.shift()?.answer(503);
    await settled();
    const [second] = await begin({ url: `${URL}?second` });
    expect(upstream.held[0]?.url).toContain('second');
    await answerFirst();
    expect(await second).toBe(200);
    await vi.advanceTimersByTimeAsync(1_010);
    expect(upstream.held[0]?.url).toContain('first');
    await answerFirst();
    expect(await first).toBe(200);
  });

  it('a repeated attempt queues like any other, behind those who wait', async () => {
    start({ concurrency: 1, maxQueue: 5 }, { retry: { baseDelay: 10, jitter: 'none' } });
    await begin({ url: `${URL}?first` });
    await begin({ url: `${URL}?second` });
    await begin({ url: `${URL}?third` });
    upstream.held.shift()?.answer(503);
    await vi.advanceTimersByTimeAsync(20);
    const order: (string | undefined)[] = [];
    while (upstream.held.length) {
      order.push(upstream.held[0]?.url.split('?')[1]);
      await answerFirst();
    }
    expect(order).toEqual(['second', 'third', 'first']);
  });

  it('answers an endpoint that is cut off before any queue', async () => {
    start({ concurrency: 1, maxQueue: 5 }, { breaker: {} });
    await begin();
    await begin();
    const release = client.breakers.open(ENDPOINT);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    release();
  });

  it('and who was in the queue when it was cut off is refused when his turn comes', async () => {
    start({ concurrency: 1, maxQueue: 5 }, { breaker: {} });
    const [first] = await begin();
    const [second] = await begin();
    client.breakers.open(ENDPOINT);
    await answerFirst();
    expect(await first).toBe(200);
    expect(await second).toBe('EBREAKEROPEN');
    expect(upstream.requests).toBe(1);
    client.breakers.close(ENDPOINT);
    const [third] = await begin();
    await answerFirst();
    expect(await third).toBe(200);
  });
});

describe('waiting for a place', () => {
  it('lasts no longer than maxWait, and not a millisecond less', async () => {
    start({ concurrency: 1, maxQueue: 5, maxWait: 200 });
    await begin();
    const [second] = await begin();
    let over = false;
    void second?.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(199);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(11);
    expect(await second).toBe('ELIMITED');
    await answerFirst();
    expect(upstream.requests).toBe(1);
  });

  it('lasts no longer than maxWait together with the wait for a token', async () => {
    start({ rate: 2, burst: 2, interval: 500, concurrency: 1, maxQueue: 10, maxWait: 300 });
    await begin();
    await begin();
    const [third] = await begin();
    let over = false;
    void third?.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(299);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(11);
    expect(over).toBe(true);
    expect(await third).toBe('ELIMITED');
    expect(upstream.requests).toBe(1);
  });

  it('lasts as long for each attempt of a call', async () => {
    start({ rate: 4, burst: 1, concurrency: 1, maxQueue: 10, maxWait: 300 }, { retry: { baseDelay: 10, jitter: 'none' } });
    await begin();
    await answerFirst();
    const [call] = await begin();
    await vi.advanceTimersByTimeAsync(260);
    upstream.held.shift()?.answer(503);
    await vi.advanceTimersByTimeAsync(270);
    expect(upstream.requests).toBe(3);
    await answerFirst();
    expect(await call).toBe(200);
  });

  it('lasts as long as the call, and needs no timer, where nothing else is said', async () => {
    start({ concurrency: 1, maxQueue: 5 }, { timeout: false, deadline: false });
    await begin();
    const [second] = await begin();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(3_600_000);
    await answerFirst();
    await answerFirst();
    expect(await second).toBe(200);
  });

  it('is not done with a maxWait of 0', async () => {
    start({ concurrency: 1, maxQueue: 5, maxWait: 0 });
    await begin();
    expect(await ask(client)).toBe('ELIMITED');
  });

  it('ends with the deadline', async () => {
    start({ concurrency: 1, maxQueue: 5 });
    await begin({ deadline: false });
    const [second] = await begin({ deadline: 300 });
    await vi.advanceTimersByTimeAsync(310);
    expect(await second).toBe('ETIMEDOUT');
    await answerFirst();
    expect(upstream.requests).toBe(1);
  });

  it('ends with an abort at once: the place in the queue is free for another, the next moves up', async () => {
    start({ concurrency: 1, maxQueue: 2 });
    await begin({ url: `${URL}?a` });
    const controller = new AbortController();
    const [b] = await begin({ url: `${URL}?b`, signal: controller.signal });
    const [c] = await begin({ url: `${URL}?c` });
    expect(await ask(client)).toBe('ELIMITED');
    controller.abort();
    expect(await b).toBe('ERR_CANCELED');
    const [d] = await begin({ url: `${URL}?d` });
    await answerFirst();
    expect(upstream.held[0]?.url).toContain('?c');
    await answerFirst();
    await answerFirst();
    expect([await c, await d]).toEqual([200, 200]);
    expect(upstream.requests).toBe(3);
  });

  it('of 10 000 is fair, and leaves no timer and no place taken', async () => {
    start({ concurrency: 10, maxQueue: 10_000, maxWait: 60_000 }, { deadline: false });
    upstream.does = 200;
    const order: number[] = [];
    const calls = Array.from({ length: 10_000 }, (_, i) => client.get(URL, { params: { i } }).then(() => order.push(i)));
    await Promise.all(calls);
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
    expect(vi.getTimerCount()).toBe(0);
    upstream.does = 'hang';
    upstream.requests = 0;
    for (let i = 0; i < 10; i++) await begin();
    expect(upstream.requests).toBe(10);
  }, 30_000);
});
