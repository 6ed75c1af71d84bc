// Interceptors do through a client what they do through stock axios, as often and in the same order.
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, type Log, parity } from './parity-support';

const { sameScenario, url } = parity();
const failing: Answer = { send: [reply({ status: 500, body: '{"a":1}' })] };

describe('interceptors', () => {
  const traced = (api: AxiosInstance, log: Log, options?: object): void => {
    for (const i of [1, 2]) {
      api.interceptors.request.use(
        (config) => {
          log('request', i, config.url, config.method, config.data);
          return config;
        },
        undefined,
        options as never,
      );
      api.interceptors.response.use(
        (response) => {
          log('response', i, response.status);
          return response;
        },
        (error) => {
          log('error', i, error.code, error.config?.url);
          throw error;
        },
      );
    }
  };

  it.each<[string, object?]>([
    ['as they are'],
    ['at once', { synchronous: true }],
    ['when it suits', { runWhen: (config: Config) => config.method === 'get' }],
  ])('run in order, %s', async (_, options) => {
    for (const answers of [[], [failing]]) {
      for (const method of ['get', 'post']) {
        const { log } = await sameScenario(answers, (api, log) => {
          traced(api, log, options);
          return api.request({ url: url(), method, data: { a: 1 } });
        });
        expect(log.length).toBeGreaterThan(1);
      }
    }
  });

  it.each<[string, (config: Config) => unknown]>([
    ['the URL', (config) => Object.assign(config, { url: url('/changed?x=y') })],
    ['the base', (config) => Object.assign(config, { baseURL: url('/base'), url: 'x' })],
    ['the method', (config) => Object.assign(config, { method: 'PUT' })],
    [
      'headers',
      (config) => {
        (config.headers as never as Map<string, unknown>).set('X-New', 'n').delete;
        return config;
      },
    ],
    ['all headers', (config) => Object.assign(config, { headers: { 'X-Only': '1' } })],
    ['data', (config) => Object.assign(config, { data: { changed: true } })],
    ['params', (config) => Object.assign(config, { params: { changed: true } })],
    ['responseType', (config) => Object.assign(config, { responseType: 'arraybuffer' })],
    ['a stream', (config) => Object.assign(config, { responseType: 'stream' })],
    ['validateStatus', (config) => Object.assign(config, { validateStatus: () => false })],
    ['transforms', (config) => Object.assign(config, { transformResponse: [() => 'transformed'], transformRequest: [() => 'sent'] })],
    ['an agent', (config) => Object.assign(config, { httpAgent: undefined })],
    ['auth', (config) => Object.assign(config, { auth: { username: 'u', password: 'p' } })],
    ['maxRedirects', (config) => Object.assign(config, { maxRedirects: 0 })],
    ['another config', (config) => ({ ...config, headers: new axios.AxiosHeaders({ 'X-Copy': '1' }) })],
    ['a plain config', ({ url, method, transformResponse }) => ({ url, method, transformResponse })],
    ['nothing', () => undefined],
    ['a failure', () => Promise.reject(new Error('intercepted'))],
    [
      'an adapter',
      (config) =>
        Object.assign(config, {
          adapter: async (config: unknown) => ({ data: '{"own":1}', status: 299, statusText: 'Own', headers: { a: 'b' }, config }),
        }),
    ],
    [
      'an adapter that fails',
      (config) =>
        Object.assign(config, {
          adapter: async () => {
            throw new TypeError('own');
          },
        }),
    ],
  ])('may change %s', async (_, change) => {
    for (const method of ['get', 'post']) {
      await sameScenario([], (api) => {
        api.interceptors.request.use(change as never);
        return api.request({ url: url(), method, data: { a: 1 } });
      });
    }
  });

  it('may answer in the place of an error, and fail in that of an answer', async () => {
    await sameScenario([failing], (api) => {
      api.interceptors.response.use(undefined, (error) => Promise.resolve({ ...error.response, recovered: true }));
      return api.get(url());
    });
    await sameScenario([], (api) => {
      api.interceptors.response.use((response) =>
        Promise.reject(new axios.AxiosError('refused', 'EOWN', response.config, response.request, response)),
      );
      return api.get(url());
    });
    await sameScenario([], (api) => {
      api.interceptors.response.use(({ data }) => data);
      return api.get(url());
    });
  });

  it('may repeat a call by its config', async () => {
    const { connections } = await sameScenario([failing, failing], (api) => {
      let tries = 0;
      api.interceptors.response.use(undefined, (error) => {
        if (++tries > 2) throw error;
        return api.request(error.config);
      });
      return api.post(url(), { a: 1 }, { auth: { username: 'u', password: 'p' }, params: { a: 1 } });
    });
    expect(connections.flat()).toHaveLength(3);
  });

  it('may be ejected and cleared', async () => {
    await sameScenario([], (api, log) => {
      const ejected = api.interceptors.request.use((config) => {
        log('ejected');
        return config;
      });
      api.interceptors.request.eject(ejected);
      traced(api, log);
      api.interceptors.response.clear();
      return api.get(url());
    });
  });
});
