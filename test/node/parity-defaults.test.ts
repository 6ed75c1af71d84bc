// Transforms, callbacks and defaults do through a client what they do through stock axios, as often and with the same arguments.
import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, parity } from './parity-support';

const { same, sameScenario, url } = parity();
const failing: Answer = { send: [reply({ status: 500, body: '{"a":1}' })] };

describe('transforms and callbacks', () => {
  it('are called as often, with the same', async () => {
    for (const answers of [[], [failing], [{ send: [reply({ body: '{"a":"b"}' })] }]]) {
      for (const config of [{}, { method: 'post', data: { a: 1 } }, { maxRedirects: 0 }, { responseType: 'arraybuffer' as const }]) {
        await same(answers, (log) => ({
          url: url(),
          params: { p: 1 },
          transformRequest: [
            (data, headers) => {
              log('request', data, headers);
              return JSON.stringify(data);
            },
          ],
          transformResponse: [
            (data, headers, status) => {
              log('response', data, headers, status);
              return data;
            },
            (data) => [data],
          ],
          validateStatus: (status) => {
            log('status', status);
            return status < 300;
          },
          paramsSerializer: {
            serialize: (params) => {
              log('params', { ...params });
              return 's=1';
            },
          },
          ...config,
        }));
      }
    }
  });

  it('see this as axios gives it', async () => {
    await same([], (log) => ({
      url: url(),
      method: 'post',
      data: 'x',
      transformRequest: function (this: Config, data: unknown) {
        log(Object.keys(this).sort());
        return data;
      } as never,
      transformResponse: function (this: Config, data: unknown) {
        log(Object.keys(this).sort(), typeof this.response);
        return data;
      } as never,
    }));
  });

  it('parseReviver, env, and what is nobody’s', async () => {
    const answer: Answer = { send: [reply({ body: '{"a":"b"}' })] };
    await same([answer], () => ({ url: url(), parseReviver: (key: string, value: unknown) => (key === 'a' ? 'revived' : value) }));
    await same(
      [answer],
      () =>
        ({
          url: url(),
          method: 'post',
          env: { FormData, Blob },
          formSerializer: { dots: true },
          data: { a: { b: 1 } },
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        }) as never,
    );
    await same([answer], () => ({ url: url(), own: { deep: [1] }, metadata: 'x', [Symbol.for('own')]: 1 }));
    await same([answer], () => ({ url: url(), own: { b: 2 } }), { defaults: { own: { a: 1 } } });
  });
});

describe('defaults', () => {
  it('that are changed afterwards', async () => {
    await sameScenario([], async (api) => {
      api.defaults.headers.common['X-Common'] = 'c';
      api.defaults.headers.get['X-Get'] = 'g';
      api.defaults.headers.post['X-Post'] = 'p';
      Object.assign(api.defaults, { baseURL: url('/base'), params: { d: 1 }, responseType: 'text', validateStatus: () => true });
      const calls = [() => api.get('/x'), () => api.post('/x', 'y'), () => api.delete('/x')];
      const told: unknown[] = [];
      for (const call of calls) told.push(await call().then(({ data, status, config }) => [data, status, config.headers, config.params]));
      return told;
    });
  });

  it('of axios itself', async () => {
    axios.defaults.headers.common['X-Global'] = 'g';
    try {
      const { connections } = await same([], () => ({ url: url() }));
      expect(connections[0]?.[0]?.head).toContain('X-Global: g');
    } finally {
      delete axios.defaults.headers.common['X-Global'];
    }
  });

  it('of an instance made by an instance', async () => {
    await sameScenario([], (api) => api.create({ headers: { 'X-Child': '1' } }).get(url()), { defaults: { headers: { 'X-Parent': '1' } } });
  });

  it('timeouts that do not run out', async () => {
    for (const timeout of [0, 15_000, undefined]) await same([], () => ({ url: url(), ...(timeout !== undefined && { timeout }) }));
    await same([], () => ({ url: url() }), { defaults: { timeout: 15_000 } });
  });
});
