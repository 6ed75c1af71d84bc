// The stack of a call's error says where the call was made, as axios' does, whatever the call fails by.
import { inspect } from 'node:util';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Policies, protect } from '../../src/index';
import type { Upstream } from '../lab/types.mjs';
import { containedDefects } from '../setup/defects';
import { freePort } from '../setup/ports.mjs';
import { rejection, upstreamOf } from './support';

let upstream: Upstream;
let nobody: string;

beforeAll(async () => {
  upstream = await upstreamOf(({ res, url }) => void (url.pathname === '/hangs' || res.writeHead(404).end()));
  nobody = `http://127.0.0.1:${await freePort()}/`;
});
afterAll(() => upstream.close());
const { captureStackTrace } = Error;
afterEach(() => {
  Error.captureStackTrace = captureStackTrace;
});

/** Of a program: two functions, one in the other. */
async function loadUser(api: Pick<AxiosInstance, 'get'>, url: string, options: AxiosRequestConfig & Policies = {}): Promise<unknown> {
  const { data } = await api.get(url, options);
  return data;
}
async function handleRequest(...given: Parameters<typeof loadUser>): Promise<unknown> {
  return await loadUser(...given);
}

const failing = async (...given: Parameters<typeof loadUser>): Promise<Error> => (await rejection(handleRequest(...given))) as Error;
/** Vitest writes stacks by its source maps, and no `async`. */
const callers = ({ stack = '' }: Error): string[] => stack.match(/(?<=\n {4}at (async )?)(loadUser|handleRequest)(?= )/g) ?? [];

const policies: Policies = { timeout: { read: 100 }, deadline: 5_000, retry: { retries: 1, baseDelay: 1 } };
const options = { ...policies, proxy: false } as const;
const makers: Record<string, () => AxiosInstance> = {
  axios: () => axios.create({ proxy: false, timeout: 100 }),
  createClient: () => createClient(options) as AxiosInstance,
  protect: () => protect(axios.create({ proxy: false }), policies) as AxiosInstance,
  'createClient, with a fallback': () => createClient({ ...options, fallback: { staleFor: 1 } }) as AxiosInstance,
};

describe.each(Object.entries(makers))('a call of %s', (_, make) => {
  it.each<[string, () => string, ((api: AxiosInstance) => unknown)?]>([
    ['a status', () => upstream.url],
    ['a connection that is refused', () => nobody],
    ['a timeout', () => `${upstream.url}hangs`],
    [
      'an interceptor',
      () => upstream.url,
      ({ interceptors }) =>
        interceptors.request.use(async () => {
          throw new Error('mine');
        }),
    ],
    [
      'an error that an interceptor makes',
      () => upstream.url,
      ({ interceptors }) => interceptors.response.use(null, () => Promise.reject(new Error('mine'))),
    ],
  ])('that fails by %s', async (_, url, prepare) => {
    const api = make();
    prepare?.(api);
    expect(callers(await failing(api, url()))).toEqual(['loadUser', 'handleRequest']);
  });
});

describe('a call of ours', () => {
  it('that fails by the deadline, an abort or an open breaker', async () => {
    const api = createClient(options);
    expect(callers(await failing(api, `${upstream.url}hangs`, { deadline: 50 }))).toEqual(['loadUser', 'handleRequest']);
    expect(callers(await failing(api, `${upstream.url}hangs`, { signal: AbortSignal.timeout(20) }))).toEqual(['loadUser', 'handleRequest']);
    api.breakers.open(`GET ${new URL(upstream.url).origin}/`);
    expect(callers(await failing(api, upstream.url))).toEqual(['loadUser', 'handleRequest']);
  });

  it('says so wherever an error is shown, and the error stays what it was', async () => {
    const error = await failing(createClient(options), `${upstream.url}hangs`);
    expect(Object.keys(error)).not.toContain('stack');
    for (const shown of [inspect(error), structuredClone(error).stack, (error as Error & { toJSON(): { stack: string } }).toJSON().stack])
      expect(shown).toMatch(/^TimeoutError: timeout\.read of 100 ms [\s\S]*\n {4}at (async )?loadUser/);
    const stack = `${error.stack}`;
    expect(Object.freeze(structuredClone(error)).stack).toBe(error.stack);
    error.stack += '\nmore';
    expect(error.stack).toBe(`${stack}\nmore`);
  });

  it('says it once of an error that several calls fail by', async () => {
    const shared = new Error('mine');
    const { stack } = shared;
    const api = createClient({ ...options, adapter: () => Promise.reject(shared) });
    for (let i = 0; i < 3; i++) expect(await failing(api, nobody)).toBe(shared);
    expect(callers(shared)).toEqual(['loadUser', 'handleRequest']);
    expect(shared.stack?.startsWith(`${stack}`)).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ['is no error', () => 'a text'],
    ['is nothing', () => undefined],
    ['is frozen', () => Object.freeze(new Error('mine'))],
  ])('leaves alone what %s', async (_, make) => {
    const thrown = make();
    const api = createClient({ ...options, adapter: () => Promise.reject(thrown) });
    expect(await rejection(api.get(nobody))).toBe(thrown);
  });

  it('that fails by a status shows nothing but where it was made', async () => {
    expect((await failing(createClient(options), upstream.url)).stack).toMatch(
      /^AxiosError: Request failed with status code 404\n(?: {4}at process\.processTicksAndRejections .*\n)? {4}at (async )?loadUser/,
    );
  });

  it('is written out only once somebody reads it', async () => {
    const { prepareStackTrace } = Error;
    const written: string[] = [];
    const api = createClient(options);
    await failing(api, `${upstream.url}hangs`); // finds out what kind of engine this is
    try {
      Error.prepareStackTrace = (error, frames) => {
        if (frames.length && error.name === 'TimeoutError') written.push(String(error));
        return [error, ...frames].join('\n    at ');
      };
      const error = await failing(api, `${upstream.url}hangs`);
      expect(written).toEqual([]);
      expect(callers(error)).toEqual(['loadUser', 'handleRequest']);
      expect(written).toEqual([String(error)]);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });

  it('keeps what an interceptor added to it', async () => {
    const api = createClient({ ...options, retry: false });
    api.interceptors.response.use(null, (error) => Promise.reject(Object.assign(error, { stack: `${error.stack}\na note` })));
    const error = await failing(api, `${upstream.url}hangs`);
    expect(error.stack).toMatch(/^TimeoutError: .*\na note\n/);
    expect(callers(error)).toEqual(['loadUser', 'handleRequest']);
  });

  it('leaves alone an error of ours that an interceptor froze', async () => {
    const api = createClient({ ...options, retry: false });
    api.interceptors.response.use(null, (error) => Promise.reject(Object.freeze(error)));
    const error = await failing(api, `${upstream.url}hangs`);
    expect(Object.isFrozen(error)).toBe(true);
    expect(callers(error)).toEqual([]); // axios adds frames of its own where V8 has a frozen error's stack set (from Node 22 on)
    expect(containedDefects()).toEqual([]);
  });

  it('is told nothing of by an engine that does not know', async () => {
    const api = createClient(options);
    Error.captureStackTrace = (on: { stack?: string }) => {
      on.stack = 'somewhere@file.js:1:1';
    };
    expect((await failing(api, upstream.url)).stack).not.toMatch(/somewhere/);
    Reflect.deleteProperty(Error, 'captureStackTrace');
    expect(callers(await failing(api, `${upstream.url}hangs`))).toEqual([]);
  });
});
