// Before a request is run without axios' dispatch, axios and our code treat a few samples: any difference, and it is left to axios.
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Run, runDirect } from '../../src/instance/direct';
import type { isAsWritten } from '../../src/instance/probe';

type Transform = (this: unknown, data: unknown, headers: object, status?: number) => string;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Module state is what the answer is kept in. */
const fresh = async (): Promise<typeof isAsWritten> => {
  vi.resetModules();
  return (await import('../../src/instance/probe')).isAsWritten;
};

/** Unit tests share a process: the next file would find the last answer. */
afterAll(() => void vi.resetModules());

/** An axios that changes the config before it goes on. */
const given =
  (change: (config: InternalAxiosRequestConfig) => unknown) =>
  (run: Run): Run =>
  async (config) => {
    change(config);
    return run(config);
  };

/** An axios that changes what it answers, or refuses, with. */
const answered =
  (change: (response: AxiosResponse) => unknown) =>
  (run: Run): Run =>
  (config) =>
    run(config).then(
      (response) => [response, change(response)][0] as AxiosResponse,
      (error) => {
        change(error.response);
        throw error;
      },
    );

/** An axios that calls one list of transforms in another way. */
const calling = (list: 'transformRequest' | 'transformResponse', how: (fn: Transform) => Transform) =>
  given((config) => {
    Object.assign(config, { [list]: (config[list] as Transform[]).map(how) });
  });

/** An axios whose adapter gets something else. */
const handing = (change: (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig) =>
  given((config) => {
    const adapter = config.adapter as AxiosAdapter;
    config.adapter = (built) => adapter(change(built));
  });

const withHeader = (config: InternalAxiosRequestConfig): unknown => config.headers.set('more', '1');

const TRANSFORMS: Record<string, (fn: Transform) => Transform> = {
  'other data': (fn) =>
    function (data, headers, status) {
      return fn.call(this, 'other', headers, status).replace('other', String(data));
    },
  'other headers': (fn) =>
    function (data, _, status) {
      return fn.call(this, data, {}, status);
    },
  'another status': (fn) =>
    function (data, headers) {
      return fn.call(this, data, headers, 1);
    },
  'another config': (fn) => (data, headers, status) => fn.call({}, data, headers, status),
};

const OTHERS: Record<string, (run: Run) => Run> = {
  'gives the answer one more property': answered((response) => Object.assign(response, { more: 1 })),
  'gives other data': answered((response) => Object.assign(response, { data: `${response.data}.` })),
  'gives plain headers': answered((response) => Object.assign(response, { headers: { ...response.headers } })),
  'drops what a header says': answered(({ headers }) => Object.assign(headers, { 'x-it': '' })),
  'drops a header': answered(({ headers }) => delete headers['x-it']),
  'tells no time': answered((response) => Object.assign(response, { duration: 0.5 })),
  'changes only what is refused': answered((response) => response.status === 500 && Object.assign(response, { more: 1 })),
  'changes only what is not refused': answered((response) => response.status === 200 && Object.assign(response, { more: 1 })),
  'answers what it should refuse': (run) => (config) => run(config).catch(({ response }) => Object.assign(response, { status: 200 })),
  'changes what it does not refuse': (run) => (config) => run(config).then((response) => Object.assign(response, { more: 1 })),
  'rejects with another error': (run) => (config) => run(config).catch(() => Promise.reject({ response: {} })),
  'gives the config one more property': given((config) => Object.assign(config, { more: 1 })),
  'leaves out the URL': given((config) => Object.assign(config, { url: '' })),
  'sends one more header': given(withHeader),
  'treats a GET otherwise': given((config) => config.method === 'get' && withHeader(config)),
  'treats a POST otherwise': given((config) => config.method === 'post' && withHeader(config)),
  'treats a request with data otherwise': given((config) => config.data && withHeader(config)),
  'treats a GET without data otherwise': given((config) => config.method === 'get' && !config.data && withHeader(config)),
  'sends other data': given((config) => config.data && Object.assign(config, { data: '' })),
  'drops a header that is set': given((config) => config.headers.delete('accept')),
  'empties a header that is set': given((config) => config.headers.set('accept', '')),
  'calls the first transform alone': given((config) => (config.transformRequest as unknown[]).pop()),
  'calls the transforms in another order': given((config) => (config.transformRequest as unknown[]).reverse()),
  'calls no transform of the answer': given((config) => (config.transformResponse as unknown[]).pop()),
  ...Object.fromEntries(
    (['transformRequest', 'transformResponse'] as const).flatMap((list) =>
      Object.entries(TRANSFORMS).map(([what, how]) => [`calls ${list} with ${what}`, calling(list, how)]),
    ),
  ),
  'hands the adapter a copy of the config': handing((built) => Object.assign(Object.create(null), built)),
  'hands the adapter other headers': handing((built) => {
    const { headers } = built;
    built.headers = Object.assign(new axios.AxiosHeaders(), headers, { more: '1' });
    queueMicrotask(() => Object.assign(built, { headers }));
    return built;
  }),
  'hands the adapter a config with more in it': handing((built) => {
    queueMicrotask(() => Reflect.deleteProperty(built, 'more'));
    return Object.assign(built, { more: 1 });
  }),
  'never answers': () => () => new Promise(() => {}),
  'throws at once': () => () => {
    throw new Error('at once');
  },
};

describe('asks axios first', () => {
  it('and believes itself if both say the same', async () => {
    const asks = await fresh();
    expect(asks(runDirect)).toBe(false);
    await turn();
    expect(asks(runDirect)).toBe(true);
  });

  it.each(Object.entries(OTHERS))('and leaves it to an axios that %s', async (_what, other) => {
    const asks = await fresh();
    const run = vi.fn(other(runDirect));
    asks(run);
    await turn();
    expect(asks(run)).toBe(false);
    expect(run).toHaveBeenCalled();
  });
});
