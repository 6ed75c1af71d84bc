// Details in which a client once was not what stock axios is: each says what axios does, and has the client do the same.
import { Readable } from 'node:stream';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it } from 'vitest';
import { createClient } from '../bare';
import { type Answer, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const held = parity();
const { url } = held;

// biome-ignore lint/suspicious/noExplicitAny: errors of axios, and of follow-redirects in them.
type Any = any;
const failureOf = (promise: Promise<unknown>): Promise<Any> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );

/** Says the same of both: that the first is as expected shows that axios is. */
async function both(answers: Answer[], check: (api: AxiosInstance) => Promise<void>, defaults: Config = {}): Promise<void> {
  const client = createClient({ proxy: false, ...defaults } as never);
  for (const api of [axios.create({ proxy: false, ...defaults } as never), client]) {
    held.site.begin(answers);
    await check(api);
  }
  await client.close();
}
const head = reply({ headers: [['Content-Length', '10']], framing: 'none' });

describe('errors', () => {
  it('after the head of an answer have a request that tells the URL', async () => {
    await both([{ send: [head, 3], ending: 'reset' }], async (api) => {
      const { request, response } = await failureOf(api.get(url()));
      expect(response).toBeUndefined();
      expect(request._currentUrl).toBe(url());
    });
  });

  it('of a stream have the config of the call', async () => {
    await both([{ send: [reply({ body: 'too much' })] }], async (api) => {
      const { data, config } = await api.get(url(), { responseType: 'stream', maxContentLength: 3 });
      const error = await failureOf(data.toArray());
      expect(error.code).toBe('ERR_BAD_RESPONSE');
      expect(error.config).toBe(config);
    });
  });

  it('of a stream whose progress is told have the config of the call', async () => {
    await both([{ send: [reply({ body: 'too much' })] }], async (api) => {
      const { data, config } = await api.get(url(), { responseType: 'stream', maxContentLength: 3, onDownloadProgress: () => {} });
      const error = await failureOf(data.toArray());
      expect({ ...error.config }).toEqual({ ...config }); // like it, if not the same: the adapter's way has one of its own
    });
  });

  it('that are the cause of another have the config of the call', async () => {
    await both([], async (api) => {
      const error = await failureOf(api.post(url(), Readable.from(['too much']), { maxBodyLength: 3 }));
      expect(error.cause.code).toBe('ERR_BAD_REQUEST');
      expect(error.cause.config).toBe(error.config);
    });
  });

  it('of a lookup that fails at once are not those of a connection that had been used', async () => {
    await both([], async (api) => {
      const lookup = (_: string, __: object, done: (error: Error) => void): void =>
        done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }));
      const error = await failureOf(api.get('http://none.test/', { lookup: lookup as never }));
      expect(error).not.toHaveProperty('reusedSocket');
    });
  });

  it('of an agent that is none name the option', async () => {
    await both([], async (api) => {
      expect((await failureOf(api.get(url(), { httpAgent: {} }))).code).toBe('ERR_INVALID_ARG_TYPE');
    });
  });

  it('of validateStatus, when it throws of a stream, reject the call', async () => {
    const listeners = process.listeners('uncaughtException');
    const uncaught: unknown[] = [];
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => void uncaught.push(error));
    try {
      await both([{ send: [reply({ body: 'x' })] }], async (api) => {
        const validateStatus = (): never => {
          throw new TypeError('no status');
        };
        const call = failureOf(api.get(url(), { responseType: 'stream', validateStatus }));
        const late = new Promise((resolve) => setTimeout(resolve, 500, { code: 'never' }));
        // axios has follow-redirects wrap it; a client gives it as it is.
        expect(await Promise.race([call, late])).toMatchObject(
          'stats' in api ? { name: 'TypeError' } : { code: 'ERR_FR_REDIRECTION_FAILURE' },
        );
      });
      expect(uncaught).toEqual([]);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('calls that are canceled', () => {
  it('tell of their request', async () => {
    await both([{ send: [] }], async (api) => {
      const controller = new AbortController();
      held.site.onRequest = () => controller.abort();
      const error = await failureOf(api.get(url(), { signal: controller.signal }));
      held.site.onRequest = undefined;
      expect(error.name).toBe('CanceledError');
      expect(error.request).toBeTypeOf('object');
    });
  });

  it.each(['their own', "the instance's", "an interceptor's"])(
    'before they begin have a config that is merged, by %s signal',
    async (whose) => {
      const signal = AbortSignal.abort();
      await both(
        [],
        async (api) => {
          if (whose === "an interceptor's") api.interceptors.request.use((config) => Object.assign(config, { signal }));
          const { config } = await failureOf(api.get('/x', whose === 'their own' ? { signal } : {}));
          const { adapter } = api.defaults;
          expect(config).toMatchObject({ url: '/x', baseURL: 'http://base.test', method: 'get', timeout: 9_000, adapter });
        },
        { baseURL: 'http://base.test', timeout: 9_000, ...(whose === "the instance's" && { signal }) },
      );
    },
  );
});

it('the adapters in a config are a copy of those in the defaults', async () => {
  await both([], async (api) => {
    const { config } = await api.get(url());
    expect(config.adapter).toEqual(api.defaults.adapter);
    expect(config.adapter).not.toBe(api.defaults.adapter);
  });
});

it.each<[string, Config]>([
  ['is redirected', {}],
  ['has a header that is a list', { headers: { 'X-List': ['a', 'b'] } }],
])('a serializer runs once, also for a request that %s', async (_, config) => {
  const moved = { send: [reply({ status: '307 Moved', headers: [['Location', '/there']] })] };
  for (const name of ['serialize', 'encode'])
    await both([moved], async (api) => {
      const seen: unknown[] = [];
      const paramsSerializer = { [name]: (value: unknown) => `run${seen.push(value)}` };
      const { request } = await api.get(url('/a'), { params: { a: 'b' }, paramsSerializer, maxRedirects: 3, ...config } as never);
      expect([seen.length, request.path]).toEqual([name === 'encode' ? 2 : 1, '/there']);
      expect(held.site.connections[0]?.[0]?.head).toMatch(name === 'encode' ? /^GET \/a\?run1=run2 / : /^GET \/a\?run1 /);
    });
});

it.each(['serialize', 'encode'])('a serializer that throws (%s) is not asked again', async (name) => {
  await both([], async (api) => {
    let runs = 0;
    const once = (): string => {
      if (++runs === 1) throw new Error('no nonce');
      return 'late';
    };
    const error = await failureOf(api.get(url('/a'), { params: { a: 'b' }, paramsSerializer: { [name]: once } }));
    expect([error.message, runs]).toEqual(['no nonce', 1]);
  });
});

it('a serializer is given the params of the config', async () => {
  await both([], async (api) => {
    const given: unknown[] = [];
    const serialize = (params: unknown): string => {
      given.push(params);
      return '';
    };
    const { config } = await api.get(url(), { params: { a: 1 }, paramsSerializer: { serialize: serialize as never } });
    expect(given).toHaveLength(1);
    expect(given[0]).toBe(config.params);
  });
});

describe('a proxy', () => {
  const port = (): number => Number(new URL(url('', 'other')).port);

  it('without a host is on this machine', async () => {
    await both([], async (api) => {
      expect((await failureOf(api.get(url(), { proxy: { port: 1 } as never }))).code).toBe('ECONNREFUSED');
    });
  });

  it('keeps credentials out of responseUrl', async () => {
    await both([], async (api) => {
      const { request } = await api.get('http://user:pass@name.test/x', { proxy: { host: '127.0.0.1', port: port() } });
      expect(request.res.responseUrl).toBe('http://name.test/x');
    });
  });

  it('whose credentials are none is told with the error', async () => {
    await both([], async (api) => {
      const error = await failureOf(api.get(url(), { proxy: { host: '127.0.0.1', port: port(), auth: {} as never } }));
      expect(error.config).toMatchObject({ proxy: { auth: {} } });
    });
  });
});

it.each([false, '', 0, null])("an adapter that is none (%j) is axios' own, not the instance's", async (adapter) => {
  await both(
    [],
    async (api) => {
      const { status, config } = await api.get(url(), { adapter: adapter as never });
      expect([status, config.adapter]).toEqual([200, adapter]);
    },
    { adapter: () => Promise.reject(new Error("the instance's")) },
  );
});
