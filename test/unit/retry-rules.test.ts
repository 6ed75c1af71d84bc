// What is made again and what is not: by the outcome, the method, the Idempotency-Key and the user's own rule.
import { Readable } from 'node:stream';
import { AxiosError, CanceledError } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RetryContext } from '../../src/index';
import { clientOver, failed, type Outcome, settled } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const hinted = (status: number): Outcome => ({ status, headers: { 'retry-after': '1' } });

/** Outcome; whether an idempotent method is repeated, whether a POST is. */
const TABLE: [string, Outcome, boolean, boolean][] = [
  ['408', 408, true, false],
  ['425', 425, true, true],
  ['429', 429, true, true],
  ['429 with Retry-After', hinted(429), true, true],
  ['500', 500, true, false],
  ['500 with Retry-After', hinted(500), true, false],
  ['502', 502, true, false],
  ['503', 503, true, false],
  ['503 with Retry-After', hinted(503), true, true],
  ['504', 504, true, false],
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'].map(
    (code): [string, Outcome, boolean, boolean] => [code, code, true, true],
  ),
  ...[
    ...['ECONNRESET', 'EPIPE', 'ERR_NETWORK', 'ETIMEDOUT', 'ECONNABORTED', 'UND_ERR_SOCKET'],
    ...['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_SESSION_ERROR', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_STREAM_CANCEL'],
  ].map((code): [string, Outcome, boolean, boolean] => [code, code, true, false]),
  ...[400, 401, 403, 404, 409, 410, 413, 422, 501, 505, 304].map((status): [string, Outcome, boolean, boolean] => [
    String(status),
    status,
    false,
    false,
  ]),
  ['404 with Retry-After', hinted(404), false, false],
  ...[
    ...['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ...['ERR_FR_TOO_MANY_REDIRECTS', 'ERR_FR_MAX_BODY_LENGTH_EXCEEDED', 'ERR_BAD_RESPONSE', 'ERR_BAD_REQUEST', 'ERR_INVALID_URL'],
    ...['ERR_BAD_OPTION', 'ERR_BAD_OPTION_VALUE', 'ERR_NOT_SUPPORT', 'ERR_SOMETHING_NEW'],
  ].map((code): [string, Outcome, boolean, boolean] => [code, code, false, false]),
  ['an error of no kind', new TypeError('x is not a function'), false, false],
];

describe('an attempt that fails', () => {
  describe.each(TABLE)('with %s', (_, outcome, idempotent, post) => {
    it.each([
      ...['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].map((method) => [method, idempotent] as const),
      ...['POST', 'PATCH'].map((method) => [method, post] as const),
    ])(`%s is repeated: %s`, async (method, repeated) => {
      const { client, sent, events } = clientOver([outcome, 200], { retry: { baseDelay: 1 } });
      const { value } = await settled(client.request({ method, url: '/' }));
      expect(sent).toHaveLength(repeated ? 2 : 1);
      expect(value?.status).toBe(repeated ? 200 : undefined);
      expect(events).toHaveLength(1);
      const [event] = events;
      if (repeated) expect(event).toMatchObject({ attempt: 1, delay: expect.any(Number) });
      else expect(event).toMatchObject({ attempt: 1, reason: idempotent ? 'unsafe' : 'permanent' });
    });

    it('a POST with an Idempotency-Key is repeated as an idempotent method is', async () => {
      const { client, sent } = clientOver([outcome, 200], { retry: { baseDelay: 1 } });
      await settled(client.post('/', 'body', { headers: { 'idempotency-key': 'k' } }));
      expect(sent).toHaveLength(idempotent ? 2 : 1);
    });
  });

  it.each(['QUERY', 'TRACE', 'query'])('is repeated where the method is %s, which changes nothing either', async (method) => {
    const { client, sent } = clientOver([500, 200]);
    expect((await settled(client.request({ method, url: '/' }))).value?.status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  it('is not repeated for an Idempotency-Key that is not sent', async () => {
    for (const key of [undefined, null, false] as unknown as string[]) {
      const { client, sent } = clientOver([500, 200], { retry: { baseDelay: 1 } });
      await settled(client.post('/', 'body', { headers: { 'Idempotency-Key': key } }));
      expect(sent).toHaveLength(1);
    }
  });

  it("is not repeated for an adapter's CanceledError, and nothing is told", async () => {
    const { client, sent, events } = clientOver([new CanceledError()]);
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ code: 'ERR_CANCELED', retryStopped: 'canceled' });
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('is not repeated for a deadline that ran out further down, in a client that the adapter uses', async () => {
    const inner = clientOver(['hang'], { timeout: false, deadline: 100 }).client;
    const { client, sent } = clientOver([200]);
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const adapter = vi.fn(() => inner.get('/'));
    const error = await failed(client.get('/', { adapter }));
    expect(error).toMatchObject({ limit: 'deadline', retryStopped: 'deadline' });
    expect(adapter).toHaveBeenCalledTimes(1);
    expect(sent).toEqual([]);
  });

  it('is not repeated where the status is what the caller wants to see', async () => {
    const { client, sent, events } = clientOver([503]);
    const { value } = await settled(client.get('/', { validateStatus: () => true }));
    expect(value?.status).toBe(503);
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
  });
});

describe('what was refused on this side', () => {
  it('is not repeated: an open breaker', async () => {
    const { client, sent, events } = clientOver([200], { breaker: {} });
    client.breakers.open('GET http://api.test/');
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ code: 'EBREAKEROPEN', took: 0 });
    expect(error.history).toEqual([]);
    expect(sent).toEqual([]);
    expect(events).toEqual([]);
  });

  it('is not repeated: a limit', async () => {
    const { client, sent, events } = clientOver([200], { limit: { rate: 1, interval: 60_000 } });
    await settled(client.get('/'));
    expect(await failed(client.get('/'))).toMatchObject({ code: 'ELIMITED', took: 0 });
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('ends the attempts when it comes between them, and the error tells of the attempt before', async () => {
    const { client, sent, events } = clientOver([503], { limit: { rate: 1, interval: 60_000 } });
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ code: 'ELIMITED', took: 500, retryStopped: 'local' });
    expect(error.history).toMatchObject([{ attempt: 1, status: 503, delay: 500 }]);
    expect(error.history).toHaveLength(1);
    expect(sent).toHaveLength(1);
    expect(events.map(({ attempt, delay, reason }) => [attempt, delay, reason])).toEqual([
      [1, 500, undefined],
      [1, undefined, 'local'],
    ]);
  });

  it('ends the attempts when a breaker opens between them', async () => {
    const { client, sent } = clientOver([503], { breaker: {} });
    const error = failed(client.get('/'));
    setTimeout(() => client.breakers.open('GET http://api.test/'), 200);
    expect(await error).toMatchObject({ code: 'EBREAKEROPEN', took: 500 });
    expect((await error).history).toMatchObject([{ attempt: 1, status: 503 }]);
    expect(sent).toHaveLength(1);
  });
});

describe('a body', () => {
  it.each<[string, () => unknown]>([
    ['text', () => 'text'],
    ['nothing', () => null],
    ['an object', () => ({ n: 1 })],
    ['bytes', () => Buffer.from('bytes')],
    ['URLSearchParams', () => new URLSearchParams('a=1')],
  ])('of %s is sent again', async (_, body) => {
    const { client, sent } = clientOver([503, 200]);
    expect((await settled(client.put('/', body()))).value?.status).toBe(200);
    expect(sent[1]?.data).toEqual(sent[0]?.data);
  });

  it.each<[string, () => unknown]>([
    ['a stream of Node', () => Readable.from(['text'])],
    ['a stream of the web', () => new ReadableStream()],
  ])('of %s is gone with the first attempt', async (_, body) => {
    const { client, sent } = clientOver([503, 200]);
    expect(await failed(client.put('/', body()))).toMatchObject({ retryStopped: 'body', response: { status: 503 } });
    expect(sent).toHaveLength(1);
  });
});

describe("the user's own rule", () => {
  it('decides instead of the rules, both ways', async () => {
    const yes = clientOver([404, 200], { retry: { when: () => true } });
    expect((await settled(yes.client.post('/'))).value?.status).toBe(200);

    const no = clientOver([503, 200], { retry: { when: () => false } });
    const error = await failed(no.client.get('/'));
    expect(no.sent).toHaveLength(1);
    expect(no.events).toMatchObject([{ reason: 'when' }]);
    expect(error).toMatchObject({ retryStopped: 'when', took: 0 });
  });

  it('is told the attempt, what the rules say, what is left of the deadline, and the attempts so far', async () => {
    const asked: [unknown, RetryContext][] = [];
    const when = (error: unknown, context: RetryContext): boolean => {
      asked.push([error, context]);
      return true;
    };
    const { client } = clientOver([500, 503, 'ECONNREFUSED'], { retry: { when }, deadline: 10_000 });
    const error = await failed(client.post('/'));
    expect(asked.map(([, { attempt, safe, remaining }]) => ({ attempt, safe, remaining }))).toEqual([
      { attempt: 1, safe: false, remaining: 10_000 },
      { attempt: 2, safe: false, remaining: 9_500 },
      { attempt: 3, safe: true, remaining: 8_500 },
    ]);
    expect(asked.map(([, { history }]) => history.map(({ attempt, status, code }) => [attempt, status, code]))).toEqual([
      [[1, 500, 'ERR_BAD_RESPONSE']],
      [
        [1, 500, 'ERR_BAD_RESPONSE'],
        [2, 503, 'ERR_BAD_RESPONSE'],
      ],
      [
        [1, 500, 'ERR_BAD_RESPONSE'],
        [2, 503, 'ERR_BAD_RESPONSE'],
        [3, undefined, 'ECONNREFUSED'],
      ],
    ]);
    expect(asked[2]?.[0]).toBe(error);
    expect(error.retryStopped).toBe('retries');
  });

  it('has no deadline to go by where there is none', async () => {
    const when = vi.fn((_: unknown, __: RetryContext) => false);
    await failed(clientOver([503], { retry: { when }, deadline: false }).client.get('/'));
    expect(when.mock.calls[0]?.[1].remaining).toBe(Infinity);
  });

  it('means no where it throws, or answers anything but true', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const throwing = clientOver([503], {
      retry: {
        when: () => {
          throw new Error('broken rule');
        },
      },
    });
    const error = await failed(throwing.client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(throwing.sent).toHaveLength(1);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('retry.when'), expect.anything());
    for (const answer of [undefined, null, 0, 'yes', Promise.resolve(true)]) {
      const { client, sent } = clientOver([503], { retry: { when: () => answer as unknown as boolean } });
      await failed(client.get('/'));
      expect(sent).toHaveLength(1);
    }
  });

  it('is not asked about an abort, nor about what was refused on this side', async () => {
    const when = vi.fn(() => true);
    await failed(clientOver([new CanceledError()], { retry: { when } }).client.get('/'));
    const { client } = clientOver([200], { retry: { when }, limit: { rate: 1, interval: 60_000 } });
    await settled(client.get('/'));
    await failed(client.get('/'));
    expect(when).not.toHaveBeenCalled();
  });

  it('does not lift the other bounds', async () => {
    const { client, sent } = clientOver([404], { retry: { when: () => true, retries: 1 } });
    expect((await failed(client.get('/'))).retryStopped).toBe('retries');
    expect(sent).toHaveLength(2);
  });
});

describe('the error that comes back', () => {
  it('is the last one, and has the history of the attempts', async () => {
    const last = new AxiosError('last', 'ECONNRESET');
    const { client } = clientOver([503, 'ECONNREFUSED', last]);
    const error = await failed(client.get('/'));
    expect(error).toBe(last);
    expect(error.retryStopped).toBe('retries');
    expect(error.history).toEqual([
      { attempt: 1, status: 503, code: 'ERR_BAD_RESPONSE', elapsed: 0, delay: 500 },
      { attempt: 2, code: 'ECONNREFUSED', elapsed: 0, delay: 1_000 },
      { attempt: 3, code: 'ECONNRESET', elapsed: 0 },
    ]);
    expect(JSON.stringify(error.toJSON())).not.toContain('history');
    expect(Object.keys(error)).not.toContain('history');
  });

  it('may be told otherwise by an interceptor: what we put on it can be set and deleted', async () => {
    const error = await failed(clientOver([500]).client.post('/'));
    Object.assign(error, { history: [], retryStopped: 'mine' });
    expect(error).toMatchObject({ history: [], retryStopped: 'mine' });
    expect(Reflect.deleteProperty(error, 'history')).toBe(true);
  });

  it('alone is told: one that was made good is left as it was', async () => {
    const first = new AxiosError('first', 'ECONNRESET');
    const { client } = clientOver([first, 200]);
    expect((await settled(client.get('/'))).value?.status).toBe(200);
    expect('history' in first).toBe(false);
    expect('retryStopped' in first).toBe(false);
  });

  it('says when to come again where the upstream said so, for all to see, and only there', async () => {
    const told = await failed(clientOver([{ status: 400, headers: { 'retry-after': '7' } }]).client.get('/'));
    expect(Object.entries(told)).toContainEqual(['retryAfter', 7_000]);
    expect('retryAfter' in (await failed(clientOver([400]).client.get('/')))).toBe(false);
  });

  it('says of a first failure too why it was not repeated', async () => {
    const error = await failed(clientOver([500]).client.post('/'));
    expect(error.retryStopped).toBe('unsafe');
    expect(error.history).toHaveLength(1);
  });

  it('may be frozen, or no object at all', async () => {
    const frozen = Object.freeze(new AxiosError('frozen', 'ECONNRESET'));
    const { client, sent } = clientOver([frozen]);
    const outcome = client.get('/').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await outcome).toBe(frozen);
    expect(sent).toHaveLength(3);
    const odd = clientOver([200]).client.get('/', { adapter: () => Promise.reject('a string') });
    await expect(odd).rejects.toBe('a string');
    await expect(clientOver([200]).client.get('/', { adapter: () => Promise.reject(undefined) })).rejects.toBeUndefined();
    await expect(clientOver([200]).client.get('/', { adapter: () => Promise.reject(null) })).rejects.toBeNull();
  });

  it('has nothing of axios-retry in its config, so that a repeat of it starts anew', async () => {
    const { client, sent } = clientOver([503, 503, 503, 503, 503, 200], { retry: { budget: false } });
    const error = await failed(client.get('/'));
    expect(sent).toHaveLength(3);
    expect(Object.keys(error.config ?? {}).filter((key) => /retry/i.test(key))).toEqual([]);
    const { value } = await settled(client.request({ ...error.config }));
    expect(sent).toHaveLength(6);
    expect(value?.status).toBe(200);
    expect(Object.keys(value?.config ?? {}).filter((key) => /axios-retry/i.test(key))).toEqual([]);
  });

  it("keeps a request's own retry options for a repeat of its config", async () => {
    const { client, sent } = clientOver([503]);
    const error = await failed(client.get('/', { retry: 1 }));
    sent.length = 0;
    await failed(client.request({ ...error.config }));
    expect(sent).toHaveLength(2);
  });
});

describe('a call with several attempts', () => {
  it('goes once through interceptors and transforms', async () => {
    const { client, sent } = clientOver([503, 503, 200]);
    const count = { request: 0, response: 0, transformRequest: 0, transformResponse: 0 };
    client.interceptors.request.use((config) => {
      count.request++;
      config.headers.set('x-added', `${config.headers.get('x-added') ?? ''}1`);
      return config;
    });
    client.interceptors.response.use((response) => {
      count.response++;
      return response;
    });
    const { value } = await settled(
      client.put(
        '/',
        { n: 1 },
        {
          transformRequest: (data) => {
            count.transformRequest++;
            return JSON.stringify(data);
          },
          transformResponse: (data) => {
            count.transformResponse++;
            return data;
          },
        },
      ),
    );
    expect(value?.status).toBe(200);
    expect(count).toEqual({ request: 1, response: 1, transformRequest: 1, transformResponse: 1 });
    expect(sent.map(({ config, data }) => [config.headers.get('x-added'), data])).toEqual(Array(3).fill(['1', '{"n":1}']));
  });

  it('goes once through the interceptor for errors', async () => {
    const { client, sent } = clientOver([503]);
    const onRejected = vi.fn((error: unknown) => Promise.reject(error));
    client.interceptors.response.use(undefined, onRejected);
    await failed(client.get('/'));
    expect(sent).toHaveLength(3);
    expect(onRejected).toHaveBeenCalledTimes(1);
  });

  it('is one call of as many attempts, with one id', async () => {
    const { client, events } = clientOver([503, 503, 200]);
    const [attempts, calls] = [vi.fn(), vi.fn()];
    client.on('attempt', attempts);
    client.on('call', calls);
    await settled(client.get('/users/42'));
    expect(attempts.mock.calls.map(([{ attempt, outcome }]) => [attempt, outcome])).toEqual([
      [1, 'http-error'],
      [2, 'http-error'],
      [3, 'success'],
    ]);
    expect(calls).toHaveBeenCalledTimes(1);
    expect(calls.mock.calls[0]?.[0]).toMatchObject({ attempts: 3, outcome: 'success' });
    const ids = new Set([...attempts.mock.calls, ...calls.mock.calls, ...events.map((event) => [event])].map(([{ id }]) => id));
    expect(ids.size).toBe(1);
    expect(events.map(({ endpoint }) => endpoint)).toEqual(Array(2).fill('GET http://api.test/users/:id'));
  });

  it('is not changed by a handler that throws', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { client, sent, events } = clientOver([503, 200]);
    client.on('retry', () => {
      throw new Error('broken handler');
    });
    client.on('retry', async () => Promise.reject(new Error('broken async handler')));
    const { value } = await settled(client.get('/'));
    expect(value?.status).toBe(200);
    expect(sent).toHaveLength(2);
    expect(events).toHaveLength(1);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('goes by the limits and the retries of its own, side by side with others', async () => {
    const { client, sent } = clientOver([503], { retry: { budget: false } });
    const all = [1, 2, 3].map((retry) => client.get(`/${'abc'[retry - 1]}`, { retry }).catch(() => {}));
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(all);
    const of = (url: string): number => sent.filter(({ config }) => config.url === url).length;
    expect([of('/a'), of('/b'), of('/c')]).toEqual([2, 3, 4]);
  });

  it('is a single one while the client is disabled', async () => {
    const { client, sent, events } = clientOver([503]);
    client.disable();
    await failed(client.get('/'));
    expect(sent).toHaveLength(1);
    expect(events).toEqual([]);
    client.enable();
    await failed(client.get('/'));
    expect(sent).toHaveLength(4);
  });
});
