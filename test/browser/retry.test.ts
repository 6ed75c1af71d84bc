// Retry and fallback in a page: a browser tells of no phase, so a failure of the network never has a POST sent again.
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import type { AttemptSummary, Client, ClientConfig, FallbackResponse, RetryEvent, StopReason } from '../bare';
import { clientOver, failed, gaps, settled } from '../unit/retry-support';
import { cleanly, clientWith, meet, sleep } from './support';

cleanly();
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Told = Error & { code?: string; history: AttemptSummary[]; retryStopped: StopReason; response?: { status: number } };

function retrying(config: ClientConfig = {}): { client: Client; events: RetryEvent[] } {
  const client = clientWith({ retry: { baseDelay: 5, jitter: 'none', budget: false }, ...config });
  const events: RetryEvent[] = [];
  client.on('retry', (event) => events.push(event));
  return { client, events };
}

const told = (promise: Promise<unknown>): Promise<Told> =>
  promise.then(
    (value) => {
      throw new Error(`it did not fail: ${JSON.stringify(value)}`);
    },
    (error: Told) => error,
  );

describe('on a fake clock', () => {
  it('the schedule is 500 ms and then 1 s, exactly, without jitter', async () => {
    vi.useFakeTimers();
    const { client, sent } = clientOver([503]);
    expect((await failed(client.get('/'))).history).toHaveLength(3);
    expect(gaps(sent)).toEqual([500, 1_000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('an abort ends a back-off at once', async () => {
    vi.useFakeTimers();
    const { client, sent, events } = clientOver([503, 200]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    expect(await failed(client.get('/', { signal: controller.signal }))).toMatchObject({ code: 'ERR_CANCELED', took: 200 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toHaveLength(1);
    expect(events).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('Retry-After is kept to, or the error comes at once', async () => {
    vi.useFakeTimers();
    const kept = clientOver([{ status: 503, headers: { 'retry-after': '3' } }, 200]);
    await settled(kept.client.post('/', 'body'));
    expect(gaps(kept.sent)).toEqual([3_000]);
    const { client } = clientOver([{ status: 503, headers: { 'retry-after': '3000000' } }]);
    expect(await failed(client.get('/'))).toMatchObject({ took: 0, retryAfter: 3_000_000_000, retryStopped: 'retry-after' });
  });

  it('an answer keeps for as long as it may', async () => {
    vi.useFakeTimers();
    const { client } = clientOver([{ status: 200, data: { n: 1 } }, 503], { retry: false, fallback: { staleFor: 1_000 } });
    (await settled(client.get('/a'))).value?.data;
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await settled(client.get('/a'))).value).toMatchObject({ fallback: 'stale', age: 1_000, data: { n: 1 } });
    await vi.advanceTimersByTimeAsync(1);
    expect((await failed(client.get('/a'))).response?.status).toBe(503);
  });
});

describe('a mistake in a function of the user’s', () => {
  it.each(['fetch', 'xhr'] as const)('is no answer that broke off, and has nothing repeated: %s', async (adapter) => {
    const { client } = retrying({ adapter });
    const validateStatus = (): never => {
      throw new TypeError('mine');
    };
    for (const [path, responseType] of [['/'], ['/status/204'], ['/', 'stream']] as const) {
      const peer = await meet('healthy');
      const request = client.get(peer.at(path), { validateStatus, ...(responseType && { responseType }) });
      expect(await told(request)).toMatchObject({ message: 'mine', retryStopped: 'permanent' });
      expect((await peer.seen()).requests).toBe(1);
    }
  });
});

describe('a failure of the network', () => {
  it.each(['fetch', 'xhr'] as const)('has a GET repeated, not a POST: %s', async (adapter) => {
    const { client, events } = retrying({ adapter });
    const error = await told(client.get(inject('lab').refused as string));
    expect(error).toMatchObject({ code: 'ERR_NETWORK', retryStopped: 'retries' });
    expect(error.history).toHaveLength(3);
    events.length = 0;
    const post = await told(client.post(inject('lab').refused as string, 'body'));
    expect(post).toMatchObject({ code: 'ERR_NETWORK', retryStopped: 'unsafe' });
    expect(post.history).toHaveLength(1);
    expect(events).toMatchObject([{ attempt: 1, reason: 'unsafe', code: 'ERR_NETWORK' }]);
  });

  it('after the request arrived: a POST arrives once, a GET again', async () => {
    const peer = await meet('healthy');
    const { client } = retrying();
    await told(client.post(peer.at('/reset'), 'body', { headers: { 'Content-Type': 'text/plain' } }));
    expect((await peer.seen()).requests).toBe(1);
    expect((await told(client.get(peer.at('/reset')))).history).toHaveLength(3);
    expect((await peer.seen()).requests).toBeGreaterThanOrEqual(1 + 3);
  });

  it('in the middle of the answer has a GET repeated', async () => {
    const peer = await meet('reset-mid-body');
    const { client } = retrying();
    const error = await told(client.get(peer.url));
    expect(error.retryStopped).toBe('retries');
    expect(error.history).toHaveLength(3);
    expect((await peer.seen()).requests).toBeGreaterThanOrEqual(3);
    const post = await told(client.post(peer.url, 'body', { headers: { 'Content-Type': 'text/plain' } }));
    expect(post.retryStopped).toBe('unsafe');
  });

  it('in the middle of an answer to the fetch of another frame is one as well', async () => {
    const peer = await meet('reset-mid-body');
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const { fetch } = frame.contentWindow as Window & typeof globalThis;
    const { client } = retrying({ env: { fetch } });
    expect(await told(client.get(peer.url))).toMatchObject({ code: 'ERR_NETWORK', message: 'Network Error', retryStopped: 'retries' });
    frame.remove();
  });

  // Firefox alone has these words for it, which axios does not know, and makes an abort of it where the stream is read through a Response.
  it.each([{}, { responseType: 'blob' as const }, { maxContentLength: 1_000 }])(
    'in the middle of the answer is one in the words of Firefox too, read with %o',
    async (how) => {
      const error = (): Response =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.error(new TypeError('Error in input stream')),
          }),
        );
      const { client } = retrying({ env: { fetch: async () => error() } });
      expect(await told(client.get('/', how))).toMatchObject({ code: 'ERR_NETWORK', message: 'Network Error', retryStopped: 'retries' });
    },
  );
});

describe('a timeout', () => {
  it('has a GET repeated, not a POST', async () => {
    const peer = await meet('stall');
    const { client } = retrying({ timeout: { total: 200 } });
    const post = await told(client.post(peer.url, 'body', { headers: { 'Content-Type': 'text/plain' } }));
    expect(post).toMatchObject({ code: 'ETIMEDOUT', retryStopped: 'unsafe' });
    expect((await peer.seen()).requests).toBe(1);
    expect((await told(client.get(peer.url))).history).toHaveLength(3);
    await peer.closed(4);
    expect((await peer.seen()).requests).toBe(4);
  });
});

describe('a status', () => {
  it('503 has a GET repeated until it is well', async () => {
    const peer = await meet('flaky');
    const { client, events } = retrying();
    expect((await client.get(peer.url)).data).toEqual({ ok: true, calls: 3 });
    expect(events.map(({ attempt, delay, status }) => [attempt, delay, status])).toEqual([
      [1, 5, 503],
      [2, 10, 503],
    ]);
  });

  it.each([
    ['get', 500, 3],
    ['post', 500, 1],
    ['post', 429, 3],
    ['get', 404, 1],
  ] as const)('%s after %i: %i requests', async (method, status, requests) => {
    const peer = await meet('healthy');
    const { client } = retrying();
    const error = await told(client.request({ method, url: peer.at(`/status/${status}`) }));
    expect(error.response?.status).toBe(status);
    expect((await peer.seen()).requests).toBe(requests);
  });
});

it.each(['fetch', 'xhr'] as const)('a 429 behind a redirect does not have a POST repeated: %s', async (adapter) => {
  const peer = await meet('healthy');
  const { client } = retrying({ adapter });
  const url = peer.at('/redirect?to=/status/429');
  expect(await told(client.post(url, 'body'))).toMatchObject({ response: { status: 429 }, retryStopped: 'unsafe' });
  expect((await peer.seen()).requests).toBe(2);
  for (const same of [peer.at('/status/429'), peer.at('/status/429#part'), peer.at('/status/429').replace('//', '//me:secret@')])
    expect((await told(client.post(same, 'body'))).retryStopped).toBe('retries');
});

it('a 429 has a POST by XHR repeated where there is no Request, as in Jest’s jsdom', async () => {
  const peer = await meet('healthy');
  vi.stubGlobal('Request', undefined);
  const { retryStopped } = await told(retrying({ adapter: 'xhr' }).client.post(peer.at('/status/429'), 'body'));
  vi.unstubAllGlobals();
  expect(retryStopped).toBe('retries');
});

/** Has the first two answers of the server turned into 503s, and gives the bodies that arrived, and their types. */
function failingTwice(): { body: string; type: string }[] {
  const arrived: { body: string; type: string }[] = [];
  const original = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const response = await original(input, init);
    if (!url.includes('/echo')) return response;
    const { body, headers } = await response.json();
    arrived.push({ body, type: headers['content-type'] });
    return new Response('{}', { status: arrived.length > 2 ? 200 : 503 });
  });
  return arrived;
}

describe('a body', () => {
  it.each([
    ['a string', () => 'text ä', 'text ä'],
    ['JSON', () => ({ n: 1 }), '{"n":1}'],
    ['a typed array', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' }), 'a=1'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['what a function makes', () => async () => new Blob(['made']), 'made'],
  ] as [string, () => unknown, string][])('of %s arrives three times, the same', async (_, data, expected) => {
    const peer = await meet('healthy');
    const arrived = failingTwice();
    const { client } = retrying();
    expect((await client.put(peer.at('/echo'), data())).status).toBe(200);
    expect(arrived.map(({ body }) => body)).toEqual(Array(3).fill(expected));
  });

  it('of a form arrives three times, whole', async () => {
    const peer = await meet('healthy');
    const arrived = failingTwice();
    const form = new FormData();
    form.append('field', 'value');
    form.append('file', new Blob(['in the file']), 'file.txt');
    const { client } = retrying();
    await client.put(peer.at('/echo'), form);
    expect(arrived).toHaveLength(3);
    for (const { body, type } of arrived) {
      const boundary = /boundary=(.+)/.exec(type)?.[1] as string;
      expect(body.split(`--${boundary}`)).toHaveLength(4);
      expect(body).toContain('in the file');
    }
  });

  it('of a stream is not sent again', async () => {
    const { client, events } = retrying();
    const error = await told(client.put(inject('lab').healthy as string, new Blob(['once']).stream()));
    expect(error.retryStopped).toBe('body');
    expect(events).toMatchObject([{ attempt: 1, reason: 'body' }]);
  });
});

describe('an answer that is a stream', () => {
  it('and is repeated is let go of', async () => {
    const peer = await meet('healthy');
    const canceled = vi.fn();
    const original = globalThis.fetch;
    let answers = 0;
    vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      if (!url.startsWith(peer.url) || ++answers > 1) return original(input, init);
      return Promise.resolve(new Response(new ReadableStream({ cancel: canceled }), { status: 503 }));
    });
    const { client } = retrying({ limit: { concurrency: 1 } });
    const { data } = await client.get<ReadableStream>(peer.url, { responseType: 'stream' });
    expect(await new Response(data).json()).toMatchObject({ ok: true });
    expect(canceled).toHaveBeenCalledTimes(1);
  });
});

describe('a fallback', () => {
  it('serves the last good answer of an upstream that is gone', async () => {
    const peer = await meet('healthy');
    const { client } = retrying({ fallback: { staleFor: 60_000 } });
    const fresh = await client.get(peer.url);
    vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.reject(new TypeError('Failed to fetch')));
    await sleep(20);
    const stale = (await client.get(peer.url)) as FallbackResponse;
    vi.restoreAllMocks();
    expect(stale).toMatchObject({ data: fresh.data, fallback: 'stale', status: 200 });
    expect(stale.age).toBeGreaterThanOrEqual(19);
  });

  it('stands in with a value', async () => {
    const { client } = retrying({ fallback: { value: 'a value' } });
    expect(await client.get(inject('lab').refused as string)).toMatchObject({ data: 'a value', fallback: 'value' });
  });
});
