// No attempt begins that the deadline cannot fit, and an abort ends a back-off at once: no event, no attempt, no timer after it.
import axios, { type AxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTimeout, withDeadline } from '../../src/index';
import { clientOver, failed, gaps, settled } from './retry-support';

const unhandled = vi.fn();

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // deadlines this short are warned of
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe('the deadline', () => {
  it('lets no attempt begin that it cannot fit: the last real error comes at once', async () => {
    const { client, sent, events } = clientOver([503], { deadline: 1_000 });
    const error = await failed(client.get('/'));
    expect(gaps(sent)).toEqual([500]);
    expect(error).toMatchObject({ took: 500, retryStopped: 'deadline', response: { status: 503 } });
    expect(error.history).toMatchObject([{ attempt: 1, delay: 500 }, { attempt: 2 }]);
    expect(events.at(-1)).toMatchObject({ attempt: 2, reason: 'deadline', status: 503 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has to leave an attempt 100 ms', async () => {
    const fits = clientOver([503, 200], { deadline: 600 });
    expect((await settled(fits.client.get('/'))).value?.status).toBe(200);
    const tooLittle = clientOver([503, 200], { deadline: 599 });
    expect(await failed(tooLittle.client.get('/'))).toMatchObject({ took: 0, retryStopped: 'deadline' });
  });

  it('has to leave an attempt its total, where that is less', async () => {
    const { client, sent } = clientOver([503, 200], { deadline: 520, timeout: { total: 20 } });
    expect((await settled(client.get('/'))).value?.status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  it('of withDeadline counts as well', async () => {
    const { client, sent } = clientOver([503]);
    const error = await failed(withDeadline(1_000, () => client.get('/')));
    expect(error).toMatchObject({ took: 500, retryStopped: 'deadline' });
    expect(sent).toHaveLength(2);
  });

  it('counts what the attempts took', async () => {
    const { client, sent } = clientOver(['hang'], { deadline: 1_000, timeout: { total: 300 } });
    const error = await failed(client.get('/'));
    expect(sent).toHaveLength(2); // 300 + 500 + 200 of 300
    expect(isTimeout(error) && error.limit).toBe('deadline');
    expect(error.took).toBeGreaterThanOrEqual(1_000);
    expect(error.history.map(({ attempt, code }) => [attempt, code])).toEqual([
      [1, 'ETIMEDOUT'],
      [2, 'ETIMEDOUT'],
    ]);
  });

  it('that runs out in an attempt ends the call, and its error has the attempts before', async () => {
    const { client, sent, events } = clientOver([503, 'hang'], { deadline: 2_000, timeout: false });
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', limit: 'deadline', attempts: 2, retryStopped: 'deadline' });
    expect(error.history).toMatchObject([
      { attempt: 1, status: 503, delay: 500 },
      { attempt: 2, code: 'ETIMEDOUT' },
    ]);
    expect(sent).toHaveLength(2);
    expect(events).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

type Abort = Pick<AxiosRequestConfig, 'signal' | 'cancelToken'>;

/** The ways to abort, those that an interceptor brings included. */
const WAYS: [string, () => { given: Abort; late: Abort; abort(): void }][] = [
  [
    'signal',
    () => {
      const controller = new AbortController();
      return { given: { signal: controller.signal }, late: {}, abort: () => controller.abort() };
    },
  ],
  [
    'cancelToken',
    () => {
      const source = axios.CancelToken.source();
      return { given: { cancelToken: source.token }, late: {}, abort: () => source.cancel() };
    },
  ],
  [
    "an interceptor's signal",
    () => {
      const controller = new AbortController();
      return { given: {}, late: { signal: controller.signal }, abort: () => controller.abort() };
    },
  ],
  [
    "an interceptor's cancelToken",
    () => {
      const source = axios.CancelToken.source();
      return { given: {}, late: { cancelToken: source.token }, abort: () => source.cancel() };
    },
  ],
];

describe.each(WAYS)('an abort by %s', (_, way) => {
  it('ends a back-off at once, with no event, no attempt and no timer after it', async () => {
    const { given, late, abort } = way();
    const { client, sent, events } = clientOver([503, 200]);
    client.interceptors.request.use((config) => Object.assign(config, late));
    const all = vi.fn();
    const outcome = failed(client.get('/', given));
    setTimeout(() => {
      client.on('*', all);
      abort();
    }, 200);
    const error = await outcome;
    expect(error).toMatchObject({ code: 'ERR_CANCELED', took: 200, retryStopped: 'canceled' });
    expect(axios.isCancel(error)).toBe(true);
    expect(error.history).toMatchObject([{ attempt: 1, status: 503, delay: 500 }]);
    expect(error.history).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    expect(events).toHaveLength(1);
    expect(all.mock.calls.map(([type]) => type)).toEqual(['call']);
  });

  it('ends an attempt, which is not repeated', async () => {
    const { given, late, abort } = way();
    const { client, sent, events } = clientOver(['hang'], { retry: { when: () => true } });
    client.interceptors.request.use((config) => Object.assign(config, late));
    setTimeout(abort, 200);
    expect(await failed(client.get('/', given))).toMatchObject({ code: 'ERR_CANCELED', took: 200 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('in the event of the decision ends the back-off before it begins', async () => {
    const { given, late, abort } = way();
    const { client, sent } = clientOver([503, 200]);
    client.interceptors.request.use((config) => Object.assign(config, late));
    client.on('retry', abort);
    expect(await failed(client.get('/', given))).toMatchObject({ code: 'ERR_CANCELED', took: 0 });
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });
});

describe('a call that has ended while something of it went on', () => {
  const limit = { rate: 1, interval: 60_000 };

  it('in an interceptor takes nothing of a limit when that comes back', async () => {
    const { client, sent } = clientOver([200], { limit, deadline: 1_000 });
    const slow = client.interceptors.request.use((config) => new Promise((resolve) => setTimeout(() => resolve(config), 2_000)));
    expect(await failed(client.get('/'))).toMatchObject({ limit: 'deadline' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([]);
    client.interceptors.request.eject(slow);
    expect((await settled(client.get('/'))).value?.status).toBe(200);
  });

  it('in the factory of its next body takes nothing of a limit when that comes back', async () => {
    const { client, sent } = clientOver([503, 200], { limit: { ...limit, rate: 2 }, deadline: 2_000 });
    let made = 0;
    const factory = () => new Promise((resolve) => setTimeout(() => resolve(new ReadableStream()), made++ ? 5_000 : 0));
    expect(await failed(client.put('/', factory, { endpoint: 'it' }))).toMatchObject({ limit: 'deadline' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(1);
    expect((await settled(client.get('/', { endpoint: 'it' }))).value?.status).toBe(200);
  });
});

describe('a call that ends in a response interceptor', () => {
  const hang = () => new Promise<never>(() => {});

  it('lists the attempt as it ended, not as the call did', async () => {
    const { client } = clientOver([503, 200], { deadline: 2_000 });
    client.interceptors.response.use(hang, hang);
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ limit: 'deadline', retryStopped: 'deadline', attempts: 2 });
    expect(error.history).toEqual([
      { attempt: 1, code: 'ERR_BAD_RESPONSE', status: 503, elapsed: 0, delay: 500 },
      { attempt: 2, status: 200, elapsed: 0 },
    ]);

    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const canceled = await failed(client.get('/', { signal: controller.signal }));
    expect(canceled).toMatchObject({ code: 'ERR_CANCELED', history: [{ attempt: 1, status: 200, elapsed: 0 }] });
    expect(canceled.history[0]).not.toHaveProperty('code');
  });
});

describe('a body from a factory', () => {
  it('is not made for an attempt that an abort prevents', async () => {
    const controller = new AbortController();
    const factory = vi.fn(() => new ReadableStream());
    const { client } = clientOver([503, 200]);
    setTimeout(() => controller.abort(), 200);
    await failed(client.put('/', factory, { signal: controller.signal }));
    expect(factory).toHaveBeenCalledTimes(1);
  });

  it('that hangs does not outlast the deadline', async () => {
    let made = 0;
    const factory = () => (made++ ? new Promise(() => {}) : new ReadableStream());
    const { client, sent } = clientOver([503], { deadline: 2_000 });
    const error = await failed(client.put('/', factory));
    expect(error).toMatchObject({ limit: 'deadline' });
    expect(error.history).toMatchObject([{ attempt: 1, status: 503 }]);
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that throws ends the call with what it threw, and the failure before as its cause', async () => {
    const broken = Object.assign(new Error('no file'), { code: 'ECONNRESET' }); // a code of the network makes no attempt of it
    for (const retry of [{ budget: false as const }, { when: () => true, budget: false as const }]) {
      let made = 0;
      const factory = () => {
        if (made++ === 0) return new ReadableStream();
        throw broken;
      };
      Reflect.deleteProperty(broken, 'cause');
      const { client, sent, events } = clientOver([503], { retry });
      const error = await failed(client.put('/', factory));
      expect(error).toBe(broken);
      expect(error.cause).toMatchObject({ response: { status: 503 } });
      expect(error.retryStopped).toBe('body');
      expect(error.history).toMatchObject([{ attempt: 1, status: 503 }]);
      expect(sent).toHaveLength(1);
      expect(made).toBe(2);
      expect(events.map(({ delay, reason }) => delay ?? reason)).toEqual([500, 'body']);
    }
  });

  it('that throws the first time is the failure of the call', async () => {
    const { client, sent } = clientOver([200]);
    const factory = () => {
      throw new Error('no file');
    };
    await expect(client.put('/', factory)).rejects.toThrow('no file');
    expect(sent).toEqual([]);
  });
});
