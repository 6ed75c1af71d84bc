// What a repeat does with bodies: the answer's is let go of, the request's is made anew where that is needed and possible.
import { Readable } from 'node:stream';
import { AxiosError } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientConfig, RequestConfig } from '../../src/index';
import { containedDefects } from '../setup/defects';
import { blockable } from './fake-clock';
import { clientOver, failed, gaps, type Outcome, settled } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const open = (): Readable => new Readable({ read() {} });

/** A body from a factory, and every stream it has made. */
function factory() {
  const made: Readable[] = [];
  const make = () => {
    const body = open();
    made.push(body);
    return body;
  };
  return { make, made };
}

describe('the body of an answer', () => {
  it('is let go of before the next attempt, and left to the caller where there is none', async () => {
    const [first, second] = [open(), open()];
    const script: Outcome[] = [
      { status: 503, data: first },
      { status: 503, data: second },
    ];
    const { client } = clientOver(script, { retry: { retries: 1 } });
    const outcome = failed(client.get('/', { responseType: 'stream' }));
    await vi.advanceTimersByTimeAsync(499);
    expect(first.destroyed).toBe(true);
    const error = await outcome;
    expect(error.response?.data).toBe(second);
    expect(second.destroyed).toBe(false);
  });
});

describe('a body from a factory', () => {
  it('is made once an attempt, and each attempt sends its own', async () => {
    const { make, made } = factory();
    const { client, sent } = clientOver([503, 503, 200]);
    expect((await settled(client.put('/', make))).value?.status).toBe(200);
    expect(made).toHaveLength(3);
    expect(sent.map(({ data }) => data)).toEqual(made);
    expect(new Set(made).size).toBe(3);
  });

  it('is made once where it can be sent again as it is', async () => {
    const make = vi.fn(() => ({ n: 1 }));
    const { client, sent } = clientOver([503, 200]);
    expect((await settled(client.put('/', make))).value?.status).toBe(200);
    expect(make).toHaveBeenCalledTimes(1);
    expect(sent.map(({ data }) => data)).toEqual(['{"n":1}', '{"n":1}']);
  });

  it('is let go of when its attempt has failed without an answer', async () => {
    const { make, made } = factory();
    const { client } = clientOver(['ECONNRESET', 'ECONNRESET', 200]);
    await settled(client.put('/', make));
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true, false]);
  });

  it.each<[string, ClientConfig, RequestConfig?]>([
    ['its only attempt has failed', { retry: false }],
    ['its endpoint is cut off', { retry: false, breaker: {} }, { endpoint: 'held' }],
    ['an interceptor throws', {}, { params: 'refuse' }],
    ['the call was aborted while it was made', {}, { params: 'abort' }],
    ['the deadline passed while it was made', {}, { deadline: 5 }],
  ])('is let go of where %s', async (_, config, request) => {
    const { make, made } = factory();
    const { client } = clientOver(['ECONNRESET'], config);
    client.breakers.open('held');
    client.interceptors.request.use((config) => {
      if (config.params === 'refuse') throw new Error('no');
      return config;
    });
    const later = async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return make();
    };
    const controller = new AbortController();
    const outcome = failed(client.put('/', later, { ...request, signal: controller.signal }));
    if (request?.params === 'abort') controller.abort();
    await outcome;
    await vi.advanceTimersByTimeAsync(10);
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  it('is made anew where a handler repeats the config of the answer or of the error', async () => {
    const { make, made } = factory();
    const { client, sent } = clientOver([401, 200, 200], { retry: false });
    const { config } = await failed(client.put('/', make));
    const answer = await settled(client.request(config as object));
    expect(answer.value?.status).toBe(200);
    await settled(client.request(answer.value?.config as object));
    expect(made).toHaveLength(3);
    expect(sent.map(({ data }) => data)).toEqual(made);
  });

  it('may still be going out where the answer came early: until that is repeated, or the call is over', async () => {
    const { make, made } = factory();
    const { client } = clientOver([503, 503, 200]);
    const call = settled(client.put('/', make));
    await vi.advanceTimersByTimeAsync(400);
    expect(made.map(({ destroyed }) => destroyed)).toEqual([false]);
    await call;
    expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true, false]);
  });

  it("of the caller, which is none of a factory, is the caller's to end", async () => {
    const body = open();
    const { client } = clientOver(['ECONNRESET', 200]);
    await failed(client.put('/', body));
    expect(body.destroyed).toBe(false);
  });

  /** What a call fails with whose factory throws for its second attempt. */
  const failing = (thrown: unknown) => {
    let made = 0;
    const { client, sent } = clientOver([503]);
    const make = () => {
      if (made++) throw thrown;
      return open();
    };
    return client.put('/', make).then(
      () => undefined,
      (error: unknown) => ({ error, sent: sent.length }),
    );
  };

  it('that throws is told with the failure before as its cause, which no JSON shows and anybody may change', async () => {
    const outcome = failing(new Error('no file'));
    await vi.advanceTimersByTimeAsync(1_000);
    const { error, sent } = (await outcome) as { error: Error; sent: number };
    expect(sent).toBe(1);
    expect(error.cause).toMatchObject({ response: { status: 503 } });
    expect(Object.keys(error)).not.toContain('cause');
    expect(Reflect.defineProperty(error, 'cause', { value: 'mine' })).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an error with a cause of its own', new Error('no file', { cause: 'its own' })],
    ['an error that is frozen', Object.freeze(new Error('no file'))],
    ['no error', 'a string'],
    ['nothing', undefined],
  ])('that throws %s is told as it is', async (_, thrown) => {
    const cause = (thrown as Error | undefined)?.cause;
    const outcome = failing(thrown);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toEqual({ error: thrown, sent: 1 });
    expect((thrown as Error | undefined)?.cause).toBe(cause);
  });
});

describe('an error of the adapter', () => {
  it('that looks like what the retries are driven by is given back as it is', async () => {
    const odd = Object.assign(new AxiosError('odd'), { error: new Error('inner') });
    const { client } = clientOver([odd]);
    expect(await failed(client.get('/'))).toBe(odd);
  });

  const THROWN: [string, unknown][] = [
    ['an error', new Error('unreadable')],
    ['a string', 'unreadable'],
    ['null', null],
    ['nothing', undefined],
    ['an object', { error: 'inner' }],
    ['an error with a config', { error: 'inner', config: {} }],
    ['a config', { config: { call: 'its own' } }],
  ];

  /** Whether a call fails with it, of whose attempts the last fails with an error that throws when it is looked at. */
  async function failsWithIt(attempts: number, thrown: unknown): Promise<boolean> {
    vi.spyOn(console, 'warn').mockImplementation(() => {}); // of the policies, and of the records, which look at it
    const odd = Object.defineProperty(new Error('odd'), 'code', {
      get: () => {
        throw thrown;
      },
    });
    const { client, sent } = clientOver([503]);
    const { adapter } = client.defaults;
    client.defaults.adapter = (config) => {
      if (sent.length < attempts - 1) return (adapter as (config: unknown) => Promise<never>)(config);
      return Promise.reject(odd);
    };
    const outcome = client.get('/').catch((error: unknown) => error === odd);
    await vi.advanceTimersByTimeAsync(1_000);
    containedDefects(); // each that looks at it is contained
    return (await outcome) === true;
  }

  it.each(THROWN)('that cannot even be looked at, since that throws %s, is what the call fails with', async (_, thrown) => {
    expect(await failsWithIt(1, thrown)).toBe(true);
  });

  it.each(THROWN)('that cannot be looked at is so after a repeated attempt as well: %s', async (_, thrown) => {
    expect(await failsWithIt(2, thrown)).toBe(true);
  });
});

it('a back-off is never shorter than it was said to be, though timers are early', async () => {
  const { client, sent, events } = clientOver([503, 200]);
  const skip = blockable();
  const outcome = settled(client.get('/'));
  await vi.advanceTimersByTimeAsync(0);
  skip(-1); // the clock stands a millisecond behind the timers
  expect((await outcome).value?.status).toBe(200);
  expect(events).toMatchObject([{ delay: 500 }]);
  expect(gaps(sent)[0]).toBeGreaterThanOrEqual(500);
  expect(gaps(sent)[0]).toBeLessThan(503);
});
