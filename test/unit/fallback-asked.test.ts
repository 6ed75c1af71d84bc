// What counts for a kept answer is what was sent and what the upstream said, whatever is made of config, answer and cookies afterwards.
import { AxiosError, AxiosHeaders, type AxiosInstance, type AxiosResponse } from 'axios';
import { afterEach, expect, it, vi } from 'vitest';
import { createClient } from '../../src/index';
import { type Outcome, scripted } from './retry-support';

afterEach(() => void vi.unstubAllGlobals());

/** A client whose upstream answers each call in its turn, and no sooner than it is let go. */
function held(...script: Outcome[]) {
  const { adapter, sent } = scripted(...script);
  let goOn = (): void => {};
  const client = createClient({
    adapter: async (config) => {
      const answer = adapter(config);
      answer.catch(() => {});
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      return answer;
    },
    baseURL: 'http://api.test',
    breaker: false,
    retry: false,
    fallback: { staleFor: 60_000 },
  });
  /** What a call ends with; `meanwhile` is done while it is on its way. */
  const ask = async (config: Parameters<AxiosInstance['get']>[1] = {}, meanwhile = (): void => {}): Promise<unknown> => {
    const calls = sent.length;
    const call = client.get('/a', config);
    await vi.waitUntil(() => sent.length > calls);
    meanwhile();
    goOn();
    return call.then(
      (response) => response?.data ?? response,
      ({ code }) => code,
    );
  };
  return { client, ask };
}

const first = { status: 200, data: 'first' };
const second = { status: 200, data: 'second' };
const DOWN = 'ECONNREFUSED';

it('params that are set anew while the answer is on its way make no other answer of it', async () => {
  const { ask } = held(first, DOWN);
  const params = new URLSearchParams({ page: '1' });
  expect(await ask({ params }, () => params.set('page', '2'))).toBe('first');
  expect(await ask({ params: { page: '2' } })).toBe(DOWN);
  expect(await ask({ params: new URLSearchParams({ page: '2' }) })).toBe(DOWN);
  expect(await ask({ params: new URLSearchParams({ page: '1' }) })).toBe('first');
});

it('nor have those that fail what was kept for what they are now', async () => {
  const { ask } = held(second, DOWN);
  const page = () => ({ of: { page: 2 } });
  await ask({ params: page() });
  const params = { of: { page: 1 } };
  expect(await ask({ params }, () => Object.assign(params, page()))).toBe(DOWN);
  expect(await ask({ params: page() })).toBe('second');
});

it('cookies that a page has by the time of the answer are not those it was asked with', async () => {
  const document = { cookie: 'user=a' };
  vi.stubGlobal('document', document);
  const { ask } = held(first, DOWN);
  const changed = (): void => void Object.assign(document, { cookie: 'user=b' });
  expect(await ask({}, changed)).toBe('first');
  expect(await ask()).toBe(DOWN);
  document.cookie = 'user=a';
  expect(await ask({}, changed)).toBe('first');
});

it('credentials that an interceptor takes off the config of an answer, or of an error, still tell who asked', async () => {
  const { client, ask } = held(first, DOWN);
  client.interceptors.response.use(
    (response) => {
      response.config.headers.delete('Authorization');
      return response;
    },
    (error) => {
      error.config.headers.delete('Authorization');
      throw error;
    },
  );
  const as = (name: string) => ({ headers: { Authorization: name } });
  await ask(as('a'));
  expect(await ask(as('b'))).toBe(DOWN);
  expect(await ask()).toBe(DOWN);
  expect(await ask(as('a'))).toBe('first');
});

it.each<[string, (response: AxiosResponse) => unknown]>([
  ['gives the data instead', ({ data }) => data],
  ['leaves out the headers', (response) => ({ ...response, headers: {} })],
  ['has headers of its own', (response) => Object.assign(response, { headers: { vary: 'accept' } })],
])('what an answer varies by is what the upstream says, where an interceptor %s', async (_, change) => {
  const { client, ask } = held({ status: 200, headers: { vary: '*' }, data: { status: 'ok', data: 'first' } }, DOWN);
  client.interceptors.response.use(change as (response: AxiosResponse) => AxiosResponse);
  await ask();
  expect(await ask()).toBe(DOWN);
});

const jar = (sent: string) => ({ getHeader: (name: string) => (name === 'cookie' ? sent : undefined) });
it.each<[string, vary: string, request: unknown, cookie: string | undefined, isKept: boolean]>([
  ['that a jar added', 'Accept, Cookie', jar('user=a'), undefined, false],
  ['to which a jar added', 'cookie', jar('user=a; jar=1'), 'user=a', false],
  ['as the caller sent them', 'Cookie', jar('user=a'), 'user=a', true],
  ['of which there are none', 'Cookie', { getHeader: () => undefined }, undefined, true],
  ['that cannot be looked at', 'Cookie', {}, undefined, true],
  ['of no request', 'Cookie', undefined, undefined, true],
  ['that do not matter to the answer', 'Accept', jar('user=a'), undefined, true],
  ['that have another name', 'X-Cookies', jar('user=a'), undefined, true],
])('an answer by cookies %s', async (_, vary, request, Cookie, isKept) => {
  let isDown = false;
  const client = createClient({
    adapter: async (config) => {
      if (isDown) throw new AxiosError(DOWN, DOWN, config);
      return { ...first, statusText: '', headers: new AxiosHeaders({ vary }), config, request };
    },
    baseURL: 'http://api.test',
    retry: false,
    fallback: { staleFor: 60_000 },
  });
  const ask = (): Promise<unknown> =>
    client.get('/a', { headers: { Cookie } }).then(
      ({ data }) => data,
      ({ code }) => code,
    );
  expect(await ask()).toBe('first');
  isDown = true;
  expect(await ask()).toBe(isKept ? 'first' : DOWN);
});

it.each([500, 503, 599, 408, 429])(
  'a %s that `validateStatus` lets pass is no good answer, and takes the place of none',
  async (status) => {
    const { ask } = held(first, { status, data: 'bad' }, DOWN);
    await ask();
    expect(await ask({ validateStatus: () => true })).toBe('bad');
    expect(await ask()).toBe('first');
  },
);

it('an answer stands in only where its status is one to who asks now', async () => {
  const all = { validateStatus: () => true };
  const { ask } = held({ status: 404, data: 'none' }, DOWN);
  expect(await ask(all)).toBe('none');
  expect(await ask()).toBe(DOWN);
  for (const config of [all, { validateStatus: null }, { validateStatus: (status: number) => status === 404 }])
    expect(await ask(config)).toBe('none');
});

it('where it cannot be told whether it is, it does not', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const { ask } = held(first, DOWN);
  await ask();
  const broken = {
    validateStatus: (): boolean => {
      throw new Error('mine');
    },
  };
  expect(await ask(broken)).toBe(DOWN);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
});

it('one that has no status at all is kept', async () => {
  const client = createClient({
    adapter: vi
      .fn()
      .mockResolvedValueOnce({ status: 0, data: 'a file', headers: undefined })
      .mockRejectedValue(Object.assign(new Error('gone'), { code: DOWN })),
    breaker: false,
    retry: false,
    fallback: { staleFor: 60_000 },
  });
  await client.get('http://api.test/');
  expect((await client.get('http://api.test/')).data).toBe('a file');
});
