// Answers that nobody gets: of a retried attempt, of a call that a fallback answered, of an upload that was refused early. None keeps its connection.
import { Agent } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptRecord, Client, ClientConfig } from '../../src';
import { createClient } from '../../src';
import { startLab } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { attemptsOf, rejection, until, upstreamOf } from './support';

/** More than sockets and streams keep. */
const LONG = 1_000_000;

let upstream: Upstream;
let lab: Awaited<ReturnType<typeof startLab>>;
let agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  lab = await startLab({ only: ['early-413', 'http2-healthy'] });
  upstream = await upstreamOf(({ res, url }) => {
    if (url.pathname === '/long') {
      res.write('x'); // so that there is no Content-Length to go by
      return void res.end('x'.repeat(LONG - 1));
    }
    if (url.pathname === '/late') {
      res.flushHeaders();
      return void setTimeout(() => res.end('late'), 200);
    }
    if (url.pathname === '/good') return void res.end('yes');
    if (url.pathname === '/huge') return void res.writeHead(503).end('x'.repeat(LONG));
    res.writeHead(503).write('no');
    if (url.pathname === '/whole') res.end();
  });
});
afterEach(() => {
  agent.destroy();
  agent = new Agent({ keepAlive: true });
  upstream.reset();
});
afterAll(() => Promise.all([lab.close(), upstream.close()]));

const inUse = (): number => Object.values(agent.sockets).flat().length;
const client = (config: ClientConfig) => createClient({ httpAgent: agent, breaker: false, retry: false, ...config });

it.each([
  ['retried', { retry: { retries: 1, baseDelay: 1 } }],
  ['answered by a fallback', { fallback: { value: 'spare' } }],
])('a stream that is %s', async (_, config) => {
  const api = client(config);
  for (const path of ['whole', 'open']) {
    const ends = await Promise.allSettled([1, 2, 3].map(() => api.get(`${upstream.url}${path}`, { responseType: 'stream' })));
    // The last answer of each call is the caller's to let go of.
    for (const end of ends) if (end.status === 'rejected') end.reason.response.data.destroy();
    await until(() => inUse() === 0, `no connection in use after /${path}`);
  }
});

it.each(['http', 'fetch'] as const)(
  'a stream with an error, which nobody reads, is released when `read` is over, by %s',
  async (adapter) => {
    const api = client({ timeout: { read: 100 }, limit: { concurrency: 1 }, adapter });
    const told: string[] = [];
    api.on('*', (type, event) => void told.push(type === 'attempt' ? (event as AttemptRecord).outcome : type));
    for (const path of ['huge', 'open', 'whole']) {
      expect(await rejection(api.get(`${upstream.url}${path}`, { responseType: 'stream' }))).toMatchObject({ response: { status: 503 } });
      await until(() => told.length === 2, 'the attempt is over');
      expect(told.splice(0).sort()).toEqual(['call', 'http-error']);
      await until(() => inUse() === 0, 'no connection in use');
    }
    expect((await api.get(`${upstream.url}good`)).data).toBe('yes');
    await api.close();
  },
);

it('a stream that a fallback reads, or hands on, is left to it', async () => {
  const api = client({ fallback: (error) => (error as { response: { data: unknown } }).response.data });
  const { data } = await api.get(`${upstream.url}whole`, { responseType: 'stream' });
  expect(await textOf(data)).toBe('no');
});

async function textOf(stream: Readable | undefined): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += Buffer.from(chunk);
  return text;
}

const fail = (): never => {
  throw new Error('mine');
};

describe.each(['http', 'fetch'] as const)("by axios' %s adapter", (adapter) => {
  it.each<[string, string, (api: Client) => unknown]>([
    ['an interceptor', 'long', (api) => api.interceptors.response.use(fail)],
    ['a transform', 'long', (api) => Object.assign(api.defaults, { transformResponse: [fail] })],
    ['an interceptor that makes another error of it', 'open', (api) => api.interceptors.response.use(null, fail)],
  ])('a stream that %s loses by failing', async (_, path, lose) => {
    const api = client({ adapter, limit: { concurrency: 1 } });
    lose(api);
    const records = attemptsOf(api);
    for (const calls of [1, 2]) {
      expect(await rejection(api.get(`${upstream.url}${path}`, { responseType: 'stream' }))).toMatchObject({ message: 'mine' });
      await until(() => records.length === calls, 'the attempt is over');
    }
    await upstream.closed(2);
  });

  it.each<[string, (response: AxiosResponse) => unknown]>([
    ['the response', (response) => response],
    ['the stream itself', ({ data }) => data],
    ['an error that has the first', (response) => Object.assign(new Error('mine'), { original: { response } })],
    ['an error that has the stream', ({ data }) => Object.assign(new Error('mine'), { body: data })],
    ['an error by that cause', (response) => new Error('mine', { cause: { response } })],
  ])('a stream is left to the caller where an interceptor rejects with %s', async (_, make) => {
    const api = client({ adapter, responseType: 'stream' });
    let stream: Readable | undefined;
    const reject = (response: AxiosResponse): Promise<never> => {
      stream = response.data;
      return Promise.reject(make(response));
    };
    api.interceptors.response.use(reject, ({ response }) => reject(response));
    for (const [path, text] of [
      ['good', 'yes'],
      ['whole', 'no'],
    ]) {
      await rejection(api.get(`${upstream.url}${path}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await textOf(stream)).toBe(text);
    }
  });

  it('a stream that is longer than maxContentLength, by the time that this is seen', async () => {
    const api = client({ adapter, limit: { concurrency: 1 }, maxContentLength: 100_000 });
    const records = attemptsOf(api);
    for (const calls of [1, 2]) {
      const { data } = await api.get(`${upstream.url}long`, { responseType: 'stream' });
      const read = async (): Promise<void> => {
        for await (const _ of data);
      };
      expect(await rejection(read())).toMatchObject({ message: expect.stringContaining('maxContentLength size of 100000 exceeded') });
      await until(() => records.length === calls, 'the attempt is over');
    }
    expect(records.map(({ outcome }) => outcome)).toEqual(['canceled', 'canceled']);
    await upstream.closed(2);
  });
});

it.each<[string, (stream: Readable) => Readable]>([
  ['pipes it on', (stream) => stream.pipe(new PassThrough())],
  ['listens to it', (stream) => stream.on('data', () => {})],
])('a stream that is still to come is left to an interceptor that %s and then fails', async (_, take) => {
  const api = client({});
  let taken: Promise<unknown> | undefined;
  api.interceptors.response.use(({ data }) => {
    taken = new Promise((resolve, reject) => take(data).resume().once('end', resolve).once('error', reject));
    data.once('error', () => {});
    return fail();
  });
  await rejection(api.get(`${upstream.url}late`, { responseType: 'stream' }));
  await expect(taken).resolves.toBeUndefined();
});

it('a stream that a fallback hands on in something else is left to the caller', async () => {
  const api = client({ fallback: (error) => ({ of: (error as { response: AxiosResponse }).response }) });
  const { data } = await api.get(`${upstream.url}whole`, { responseType: 'stream' });
  expect(await textOf(data.of.data)).toBe('no');
});

it('a web stream that a fallback hands on, though its error does not tell of it, is left to the caller', async () => {
  const api = client({ adapter: 'fetch', fallback: (error) => (error as { original: AxiosResponse }).original.data });
  api.interceptors.response.use((original) => Promise.reject(Object.assign(new Error('mine'), { original })));
  const { data } = await api.get(`${upstream.url}long`, { responseType: 'stream' });
  expect(await textOf(data)).toHaveLength(LONG);
});

it('a stream that is being read is left to its reader', async () => {
  const api = client({});
  let text: Promise<string> | undefined;
  api.interceptors.response.use(({ data }) => {
    text = textOf(data);
    return new Promise((_, reject) => setTimeout(reject, 20, new Error('mine')));
  });
  await rejection(api.get(`${upstream.url}long`, { responseType: 'stream' }));
  expect(await text).toHaveLength(LONG);
});

/** Small enough to be there as a whole, and so over for the attempt, before anybody reads. */
describe.each([true, false])('a small stream, its answer %s,', (isGood) => {
  const path = isGood ? 'good' : 'whole';

  it.each<[string, ClientConfig, (api: Client) => unknown]>([
    ['an abort, while an interceptor has it', {}, (api) => api.interceptors.response.use(wait, wait)],
    ['the deadline, while an interceptor has it', { deadline: 100 }, (api) => api.interceptors.response.use(wait, wait)],
    ...(isGood
      ? []
      : [['an abort, while a fallback has its error', { fallback: { use: wait } }, () => {}] as [string, ClientConfig, () => void]]),
  ])('that the caller never sees, for the call was ended by %s', async (_, config, prepare) => {
    const api = client(config);
    prepare(api);
    for (let i = 0; i < 3; i++) {
      const { signal, abort } = abortable();
      begun = () => void setTimeout(abort, 20);
      const call = api.get(`${upstream.url}${path}`, { responseType: 'stream', ...(!config.deadline && { signal }) });
      expect(await rejection(call)).toMatchObject({ code: config.deadline ? 'ETIMEDOUT' : 'ERR_CANCELED' });
    }
    await until(() => inUse() === 0, 'no connection in use');
    await api.close();
  });
});

/** Called once somebody waits. Not before: an abort that meets the adapter at work is the interceptor's to handle. */
let begun: () => void = () => {};

const wait = (): Promise<never> => {
  begun();
  return new Promise(() => {});
};

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

it('an upload that is refused before all of it was sent', async () => {
  const api = client({ timeout: { send: 10_000 } });
  const calls = Array.from({ length: 3 }, () => api.post(lab.url('early-413'), Buffer.alloc(8 * 1024 * 1024)).catch(() => {}));
  await Promise.all(calls);
  await until(() => inUse() === 0, 'no connection in use');
});

it('a dozen streams that wait for one HTTP/2 connection are no leak to warn of', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  const api = client({ httpVersion: 2, http2Options: { ca: lab.ca } });
  await Promise.all(Array.from({ length: 24 }, () => api.get(lab.url('http2-healthy'))));
  await api.close();
  await new Promise(setImmediate);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});
