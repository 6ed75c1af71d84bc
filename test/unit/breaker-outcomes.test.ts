// What counts as a failure of the endpoint, and what as nothing. On a fake clock.
import { AxiosError, CanceledError } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeoutError } from '../../src/errors';
import { type BreakerOptions, type BreakerOutcome, type BreakerSnapshot, type Client, createClient, isBreakerOpen } from '../../src/index';
import { mergeSettings } from '../../src/options';
import { DEFAULT_BREAKER } from '../../src/options/breaker';
import { Breakers, breakerPermit } from '../../src/policies/breaker';
import { ask, askTimes, type Behaviour, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';
import { callOf } from './call-support';

let upstream: FakeUpstream;
let client: Client;

function start(breaker: BreakerOptions = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, breaker });
}

const snapshot = (): BreakerSnapshot => client.breakers.get(ENDPOINT);

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
});

afterEach(async () => {
  await client.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('a call that is ended between its permit and its first attempt counts for nothing', async () => {
  start();
  const { call } = callOf({ settings: mergeSettings(undefined, {}) });
  const breakers = new Breakers(DEFAULT_BREAKER, () => {});
  const permit = breakerPermit(breakers)(() => Promise.reject(new CanceledError()));
  expect(await errorOf(permit(call))).toMatchObject({ code: 'ERR_CANCELED' });
  expect(breakers.list()).toMatchObject([{ calls: 0, inFlight: 0 }]);
});

describe('by rule', () => {
  const SUCCESS = { calls: 1, failureRate: 0 };
  const FAILURE = { calls: 1, failureRate: 1 };
  const NOTHING = { calls: 0, failureRate: 0 };

  it.each<[Behaviour, typeof SUCCESS]>([
    [200, SUCCESS],
    [204, SUCCESS],
    [304, SUCCESS],
    [400, SUCCESS],
    [401, SUCCESS],
    [404, SUCCESS],
    [408, FAILURE],
    [429, NOTHING],
    [500, FAILURE],
    [501, SUCCESS],
    [502, FAILURE],
    [503, FAILURE],
    [504, FAILURE],
    ['ECONNREFUSED', FAILURE],
    ['ECONNRESET', FAILURE],
    ['ENOTFOUND', FAILURE],
    ['ERR_NETWORK', FAILURE],
    ['ERR_BAD_OPTION_VALUE', NOTHING],
    ['ERR_BAD_OPTION', NOTHING],
    ['ERR_BAD_REQUEST', NOTHING],
    ['ERR_INVALID_URL', NOTHING],
    ['ERR_NOT_SUPPORT', NOTHING],
    ['ERR_DEPRECATED', NOTHING],
    ['ERR_FORM_DATA_DEPTH_EXCEEDED', NOTHING],
    ['EMFILE', NOTHING],
    ['ENFILE', NOTHING],
    ['ENOBUFS', NOTHING],
    ['ENOMEM', NOTHING],
    ['EADDRNOTAVAIL', NOTHING],
  ])('%s', async (does, counts) => {
    start();
    upstream.does = does;
    await ask(client);
    expect(snapshot()).toMatchObject({ ...counts, slowRate: 0, inFlight: 0 });
  });

  it.each([
    ['EADDRNOTAVAIL', 'ECONNREFUSED', FAILURE],
    ['EMFILE', 'EMFILE', NOTHING],
  ])('of several addresses, %s and %s', async (first, second, counts) => {
    start();
    const errors = [first, second].map((code) => Object.assign(new Error(code), { code }));
    const adapter = () => Promise.reject(AxiosError.from(Object.assign(new AggregateError(errors), { code: first })));
    expect(await ask(client, { adapter })).toBe(first);
    expect(snapshot()).toMatchObject(counts);
  });

  it('a status is judged though validateStatus lets it pass', async () => {
    start();
    upstream.does = 500;
    expect(await ask(client, { validateStatus: () => true })).toBe(500);
    expect(snapshot()).toMatchObject(FAILURE);
  });

  it('a timeout is a failure', async () => {
    start();
    upstream.does = 'hang';
    const call = ask(client, { timeout: 1_000 });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await call).toBe('ETIMEDOUT');
    expect(snapshot()).toMatchObject({ calls: 1, failureRate: 1, slowRate: 1, inFlight: 0 });
  });

  it('waiting in vain for a connection of the own pool is nothing', async () => {
    start();
    const facts = { limit: 'total', phase: 'queue', limitMs: 1, elapsed: 1, timings: {}, attempts: 1, safeToRetry: true, lag: 0 } as const;
    const adapter = () => Promise.reject(new TimeoutError(facts, 'GET it'));
    expect(await ask(client, { adapter })).toBe('ETIMEDOUT');
    expect(snapshot()).toMatchObject(NOTHING);
  });

  it("a body longer than the caller's maxContentLength is nothing, where an adapter does not tell its status", async () => {
    start();
    const adapter = () => Promise.reject(new AxiosError('maxContentLength size of 5 exceeded', 'ERR_BAD_RESPONSE'));
    expect(await ask(client, { adapter })).toBe('ERR_BAD_RESPONSE');
    expect(snapshot()).toMatchObject(NOTHING);
  });

  it('an error of no kind is a failure, and an answer of no kind is none', async () => {
    start();
    expect(await ask(client, { adapter: () => Promise.reject(new Error('of no kind')) })).toBe('Error: of no kind');
    expect(snapshot()).toMatchObject(FAILURE);
    start();
    await client.request({ url: URL, adapter: async () => ({}) as never });
    expect(snapshot()).toMatchObject(SUCCESS);
  });

  it('nothing at all, which an adapter rejects with, comes through as that', async () => {
    start();
    await expect(client.request({ url: URL, adapter: () => Promise.reject(undefined) })).rejects.toBeUndefined();
    expect(snapshot()).toMatchObject({ ...FAILURE, inFlight: 0 });
  });

  it('the deadline cutting a call short is nothing, unless it was slow by then', async () => {
    start();
    upstream.does = 'hang';
    const short = ask(client, { deadline: 1_000 });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await short).toBe('ETIMEDOUT');
    expect(snapshot()).toMatchObject(NOTHING);
    const long = ask(client, { deadline: 11_000 });
    await vi.advanceTimersByTimeAsync(11_100);
    expect(await long).toBe('ETIMEDOUT');
    expect(snapshot()).toMatchObject({ calls: 1, failureRate: 0, slowRate: 1 });
  });

  it('an abort is nothing, unless the call was slow by then', async () => {
    start({ slow: { after: 1_000 } });
    upstream.does = 'hang';
    for (const [ms, counts] of [
      [999, NOTHING],
      [1_000, { calls: 1, failureRate: 0, slowRate: 1 }],
    ] as const) {
      const controller = new AbortController();
      const call = ask(client, { signal: controller.signal });
      await settled();
      vi.advanceTimersByTime(ms);
      controller.abort();
      expect(await call).toBe('ERR_CANCELED');
      expect(snapshot()).toMatchObject(counts);
    }
  });

  it('impatient users do not blind it: aborts of slow calls open it', async () => {
    start({ slow: { after: 1_000 } });
    upstream.does = 'hang';
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const call = ask(client, { signal: controller.signal });
      await settled();
      vi.advanceTimersByTime(1_500);
      controller.abort();
      await call;
    }
    expect(snapshot()).toMatchObject({ state: 'open', failureRate: 0 });
  });

  it('aborts water the failure rate down in no case: without the slow trigger they count for nothing', async () => {
    start({ slow: false });
    upstream.does = 'hang';
    const controller = new AbortController();
    const call = ask(client, { signal: controller.signal });
    await settled();
    vi.advanceTimersByTime(20_000);
    controller.abort();
    await call;
    expect(snapshot()).toMatchObject(NOTHING);
  });

  it('a refusal by a limit is nothing', async () => {
    start();
    upstream.does = 500;
    await ask(client);
    const outcomes = await askTimes(20, client, { limit: { rate: 1 } });
    expect(outcomes).toEqual([500, ...Array(19).fill('ELIMITED')]);
    expect(snapshot()).toMatchObject({ calls: 2, state: 'closed' });
  });
});

describe('a pause that the peer asks for', () => {
  const throttled = (seconds: string, status = 429): Behaviour => ({ status, headers: { 'retry-after': seconds } });

  it('in a 429 gates the endpoint until then, and counts neither way', async () => {
    start();
    upstream.does = throttled('3');
    await ask(client);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0, retryAfter: 3_000 });
    upstream.does = 200;
    vi.advanceTimersByTime(2_999);
    const error = await errorOf(client.get(URL));
    expect(isBreakerOpen(error) && error).toMatchObject({ reason: 'throttled', retryAfter: 1 });
    expect(upstream.requests).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe(200);
  });

  it('is no longer than maxOpenFor', async () => {
    start();
    upstream.does = throttled('86400');
    await ask(client);
    expect(snapshot().retryAfter).toBe(300_000);
  });

  it('in a 503 gates, and the 503 is a failure', async () => {
    start();
    upstream.does = throttled('3', 503);
    await ask(client);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 1, failureRate: 1, retryAfter: 3_000 });
    expect(await ask(client)).toBe('EBREAKEROPEN');
  });

  it('in any other status, or in none, gates nothing', async () => {
    start();
    for (const does of [429, throttled('3', 500), throttled('3', 200), throttled('soon'), throttled('0')]) {
      upstream.does = does;
      await ask(client);
      expect(snapshot().retryAfter).toBe(0);
    }
  });

  it('gates though validateStatus lets the 429 pass', async () => {
    start();
    upstream.does = throttled('3');
    expect(await ask(client, { validateStatus: null })).toBe(429);
    expect(snapshot().retryAfter).toBe(3_000);
  });

  it('outlasts the breaker where it is longer: both say the same', async () => {
    start({ burst: { minCalls: 1 } });
    upstream.does = throttled('90', 503);
    await ask(client);
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 90_000 });
    expect(await errorOf(client.get(URL))).toMatchObject({ retryAfter: 90_000 });
  });

  it('is waited for by the retry of the same call, which passes the gate', async () => {
    client = createClient({ adapter: upstream.adapter, retry: { jitter: 'none' } });
    upstream.does = throttled('3');
    const call = ask(client);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(upstream.requests).toBe(1);
    upstream.does = 200;
    await vi.advanceTimersByTimeAsync(10);
    expect(await call).toBe(200);
  });
});

describe('isFailure', () => {
  it('decides instead of the rules', async () => {
    const seen: BreakerOutcome[] = [];
    start({
      isFailure: (outcome) => {
        seen.push(outcome);
        return outcome.status === 404;
      },
    });
    for (const does of [200, 404, 500, 'ECONNRESET'] as const) {
      upstream.does = does;
      await ask(client);
    }
    expect(snapshot()).toMatchObject({ calls: 4, failureRate: 0.25 });
    expect(seen).toMatchObject([
      { error: undefined, status: 200 },
      { error: { code: 'ERR_BAD_RESPONSE' }, status: 404 },
      { status: 500 },
      { error: { code: 'ECONNRESET' }, status: undefined },
    ]);
    expect(seen.every(({ elapsed }) => elapsed >= 0)).toBe(true);
  });

  it('may call a 429 a failure, but not a success', async () => {
    start({ isFailure: ({ status }) => status === 429 });
    upstream.does = 429;
    await ask(client);
    expect(snapshot()).toMatchObject({ calls: 1, failureRate: 1 });
    start({ isFailure: () => false });
    await ask(client);
    expect(snapshot()).toMatchObject({ calls: 0 });
  });

  it('is not asked what tells nothing of the endpoint', async () => {
    const isFailure = vi.fn(() => true);
    start({ isFailure });
    upstream.does = 'hang';
    const controller = new AbortController();
    const call = ask(client, { signal: controller.signal });
    await settled();
    controller.abort();
    await call;
    expect(isFailure).not.toHaveBeenCalled();
    expect(snapshot().calls).toBe(0);
  });

  it('that throws leaves the decision to the rule, and the call alone', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    start({
      isFailure: () => {
        throw new Error('a bug');
      },
    });
    upstream.does = 500;
    expect(await ask(client)).toBe(500);
    upstream.does = 200;
    expect(await ask(client)).toBe(200);
    expect(snapshot()).toMatchObject({ calls: 2, failureRate: 0.5 });
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('`breaker.isFailure`'), expect.stringContaining('a bug'));
    upstream.does = 404;
    await askTimes(2, client);
    expect(snapshot()).toMatchObject({ calls: 4, failureRate: 0.25 });
  });

  it('that calls nothing a failure lets probes succeed, whatever they come to', async () => {
    start({ isFailure: ({ status }) => status === 500 });
    upstream.does = 500;
    await askTimes(10, client);
    vi.advanceTimersByTime(60_000);
    upstream.does = 503;
    await askTimes(2, client);
    expect(snapshot().state).toBe('closed');
  });
});
