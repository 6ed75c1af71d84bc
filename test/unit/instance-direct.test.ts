// What we do with a config ourselves, beside what axios does: transforms, adapter, transforms; and when it is left to axios.
import axios, { type AxiosAdapter, AxiosError, type AxiosHeaders, type AxiosRequestConfig, type AxiosResponse, CanceledError } from 'axios';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runDirect } from '../../src/instance/direct';
import { requestOf } from '../../src/instance/request';

type Log = unknown[];
type Transform = (this: AxiosRequestConfig, data: unknown, headers: AxiosHeaders, status?: number) => unknown;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Until axios has answered, everything is left to it. */
beforeAll(async () => {
  await requestOf(axios.create())?.({ url: '/' }, { timeout: 0, adapter: answering({}) });
  await turn();
});

const answering =
  (answer: object): AxiosAdapter =>
  async (config) =>
    ({
      data: '{"a":1}',
      status: 200,
      statusText: 'OK',
      headers: { 'x-a': ' 1 ', 'X-A': '2' },
      config,
      ...answer,
    }) as unknown as AxiosResponse;

const rejecting =
  (make: (config: object) => unknown): AxiosAdapter =>
  async (config) => {
    throw make(config);
  };

/** Logs what it is told, and whether the config shows a response meanwhile. */
const telling = (log: Log, then: Transform = (data) => data): Transform =>
  function (data, headers, status) {
    log.push([data, { ...headers }, status, Object.keys(this).sort(), (this as { response?: AxiosResponse }).response?.data]);
    return then.call(this, data, headers, status);
  };

const setting = (name: string, value: unknown): Transform =>
  function (data) {
    Object.assign(this, { [name]: value });
    return data;
  };

interface Case {
  adapter?: AxiosAdapter;
  config?: AxiosRequestConfig;
  sent?: Transform;
  received?: Transform;
}

/** Everything that the transforms, the adapter and the caller are told. */
async function story(
  { adapter = answering({}), config = {}, sent, received }: Case,
  run: (c: AxiosRequestConfig, a: AxiosAdapter) => Promise<unknown>,
) {
  const log: Log = [];
  const { transformRequest, transformResponse } = axios.defaults as unknown as Record<string, Transform[]>;
  const asked = {
    url: '/a',
    transformRequest: [...(sent ? [telling(log, sent)] : []), ...(transformRequest as Transform[]), telling(log)],
    transformResponse: [telling(log), ...(received ? [received] : []), ...(transformResponse as Transform[]), telling(log)],
    ...config,
  };
  let given: object = {};
  const told: AxiosAdapter = (built) => {
    given = built;
    log.push(['adapter', Object.keys(built).sort(), built.data, { ...built.headers }]);
    return adapter(built);
  };
  const settled = await run(asked as AxiosRequestConfig, told).then(
    (response) => ({ response }),
    (error) => ({
      error: error instanceof Error ? [error.name, error.message, Object.keys(error).sort()] : error,
      response: (error as AxiosError)?.response,
    }),
  );
  const { duration, config: _, ...response } = (settled.response ?? {}) as AxiosResponse & { duration?: number };
  const isAxios = response.headers instanceof axios.AxiosHeaders;
  return {
    log,
    settled: { ...settled, response },
    took: Number.isInteger(duration),
    isAxios,
    after: { ...given, adapter: null, transformRequest: null, transformResponse: null },
  };
}

const refused = (data: unknown) =>
  rejecting((config) => {
    const response = { data, status: 500, statusText: '', headers: { 'x-a': '1' }, config } as unknown as AxiosResponse;
    return new AxiosError('refused', 'ERR', config as never, {}, response);
  });

const CASES: Record<string, Case> = {
  'an answer': {},
  'an answer that is no JSON': { adapter: answering({ data: 'text' }) },
  'an answer without headers': { adapter: answering({ headers: undefined }) },
  "an answer with axios' headers": { adapter: answering({ headers: new axios.AxiosHeaders({ 'X-A': '1' }) }) },
  'JSON that is broken': {
    adapter: answering({ data: '{' }),
    config: { responseType: 'json', transitional: { silentJSONParsing: false } },
  },
  'a body': { config: { method: 'post', data: { a: 1 } } },
  'a body that is text': { config: { method: 'put', data: 'a=1' } },
  'a body of its own type': { config: { method: 'patch', data: '<a/>', headers: { 'Content-Type': 'text/xml' } } },
  'a form': { config: { method: 'post', data: new URLSearchParams('a=1') } },
  'a deletion with a body': { config: { method: 'delete', data: { a: 1 } } },
  'a patch that is text': { config: { method: 'patch', data: 'a=1' } },
  'a method of its own': { config: { method: 'purge' } },
  'a method in capitals': { config: { method: 'POST' } },
  'a transform that changes the headers': { sent: (data, headers) => [headers.set('x-b', ' 1 ').set('X-B', '2'), data][1] },
  'a transform that changes the config': {
    sent(data) {
      Object.assign(this, { params: { a: 1 } });
      return data;
    },
  },
  'a transform that throws': {
    sent: () => {
      throw new RangeError('sent');
    },
  },
  'a transform of the answer that changes its headers': { received: (data, headers) => [headers.set('x-b', '1'), data][1] },
  'a transform of the answer that throws': {
    received: () => {
      throw new RangeError('received');
    },
  },
  'a transform of the answer that gives an object': { received: () => ({ a: 1 }) },
  'an error without a response': { adapter: rejecting((config) => new AxiosError('broken', 'ERR', config as never)) },
  'a status that is refused': { adapter: refused('{"b":1}') },
  'a refused status and a transform that throws': {
    adapter: refused('{'),
    received: () => {
      throw new RangeError('received');
    },
  },
  'a cancellation with a response': {
    adapter: rejecting((config) => Object.assign(new CanceledError('off', config as never), { response: { data: '1' } })),
  },
  'a transform that replaces those of the answer by a function': {
    sent: setting('transformResponse', (data: unknown) => `mine:${typeof data}`),
  },
  'a transform that takes away those of the answer': { sent: setting('transformResponse', null) },
  'a transform that deletes those of the answer': {
    sent(data) {
      Reflect.deleteProperty(this, 'transformResponse');
      return data;
    },
  },
  'a transform that replaces those of the answer by an object': { sent: setting('transformResponse', { a: () => 'from a' }) },
  'a transform that replaces the adapter': { sent: setting('adapter', answering({ data: '"another"' })) },
  'a transform that replaces the adapter by an unknown name': { sent: setting('adapter', 'none such') },
  'a transform that sets a method that is no text': { sent: setting('method', Symbol('m')) },
  'a transform that adds another': {
    sent(data, headers) {
      const list = this.transformRequest as unknown[];
      if (list.length < 6) list.push(() => `${data} ${headers}`);
      return data;
    },
  },
  'a transform that empties the list': {
    sent(data) {
      (this.transformRequest as unknown[]).length = 0;
      return data;
    },
  },
  'a list of transforms that has holes': { config: { transformRequest: new Array(2) as never } },
  'one transform that is no list': {
    config: { transformRequest: (data: unknown) => `${data}!`, transformResponse: (data: unknown) => `${data}?` },
  },
  'no transforms': { config: { transformRequest: null, transformResponse: null } as never },
  'an adapter that asks who calls it': {
    adapter: function (this: unknown, config) {
      return answering({ data: JSON.stringify(this ?? 'nobody') })(config);
    },
  },
  'an adapter that throws a response at once': {
    adapter: () => {
      throw { response: { data: '1' } };
    },
  },
  'an adapter that returns no promise': { adapter: (() => 'plain') as never },
  'nothing thrown': { adapter: rejecting(() => undefined) },
  'a text thrown': { adapter: rejecting(() => 'text') },
  'an adapter that throws at once': {
    adapter: () => {
      throw new RangeError('at once');
    },
  },
  'an adapter that answers nothing': { adapter: (async () => undefined) as unknown as AxiosAdapter },
};

describe('tells transforms, adapter and caller what axios does', () => {
  it.each(Object.entries(CASES))('%s', async (_name, one) => {
    const theirs = await story(one, (config, adapter) => axios.create().request({ ...config, timeout: 7, adapter }));
    const request = requestOf(axios.create());
    const ours = await story(one, (config, adapter) => request?.(config, { timeout: 7, adapter }) as Promise<unknown>);
    expect(ours).toStrictEqual(theirs);
  });
});

describe('is left to axios', () => {
  const stackOf = async (config: AxiosRequestConfig = {}, instance = axios.create()): Promise<string> => {
    let stack = '';
    const adapter: AxiosAdapter = async (given) => {
      stack = `${new Error().stack}`;
      return answering({})(given);
    };
    await requestOf(instance)?.({ url: '/', ...config }, { timeout: 0, adapter });
    return stack;
  };
  const direct = expect.stringContaining('runDirect');

  it('unless nothing else takes part', async () => {
    expect(await stackOf()).toEqual(direct);
    expect(await stackOf({ method: 'post', data: 1 })).toEqual(direct);
  });

  it('if there is an interceptor', async () => {
    for (const of of ['request', 'response'] as const) {
      const instance = axios.create();
      instance.interceptors[of].use(null);
      expect(await stackOf({}, instance)).not.toEqual(direct);
      instance.interceptors[of].clear();
      expect(await stackOf({}, instance)).toEqual(direct);
    }
  });

  it('if there is a signal or a token, which it checks', async () => {
    expect(await stackOf({ signal: new AbortController().signal })).not.toEqual(direct);
    expect(await stackOf({ cancelToken: axios.CancelToken.source().token })).not.toEqual(direct);
  });

  it.each(['request', '_request'])('if somebody has patched its %s', async (name) => {
    const patched = vi.spyOn(axios.Axios.prototype as unknown as Record<string, () => unknown>, name);
    expect(await stackOf()).not.toEqual(direct);
    expect(patched).toHaveBeenCalled();
    patched.mockRestore();
    expect(await stackOf()).toEqual(direct);
  });

  it.each(['request', '_request'])('if the %s is a method of the same name that somebody wrote', async (name) => {
    const prototype = axios.Axios.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
    const original = prototype[name] as (...args: unknown[]) => unknown;
    const called = vi.fn();
    class Traced {
      async request(config: unknown): Promise<unknown> {
        called();
        return original.call(this, config);
      }
      _request(configOrUrl: unknown, config: unknown): unknown {
        called();
        return original.call(this, configOrUrl, config);
      }
    }
    prototype[name] = Traced.prototype[name as 'request'] as never;
    try {
      expect(await stackOf()).not.toEqual(direct);
      expect(called).toHaveBeenCalled();
    } finally {
      prototype[name] = original;
    }
  });
});

it('tells how long the adapter took, in whole milliseconds', async () => {
  let at = 1_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => at);
  const adapter: AxiosAdapter = (config) => {
    at += 7.4;
    return answering({})(config);
  };
  const response = await runDirect({ method: 'get', headers: new axios.AxiosHeaders(), adapter });
  clock.mockRestore();
  expect(response).toHaveProperty('duration', 7);
});
