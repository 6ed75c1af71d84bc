// What an adapter of one's own does to its config is seen by interceptors and callers as with axios.
import axios, { type AxiosAdapter, AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { createClient, protect } from '../bare';
import { rejection } from './support';

const NOTE = Symbol('note');

type Noted = InternalAxiosRequestConfig & Record<string | symbol, unknown>;

const answer = (config: object, status = 200): AxiosResponse =>
  ({ data: '{}', status, statusText: '', headers: {}, config }) as unknown as AxiosResponse;

const makers: [string, (adapter: AxiosAdapter) => AxiosInstance][] = [
  ['axios', (adapter) => axios.create({ adapter })],
  ['a client', (adapter) => createClient({ adapter, retry: false })],
  ['a protected instance', (adapter) => protect(axios.create({ adapter }), { retry: false })],
];

describe.each(makers)('with %s, an adapter', (_, make) => {
  it('may note something in its config', async () => {
    const api = make(async (config) => {
      Object.assign(config, { took: 7, [NOTE]: 1 });
      if (config.url === '/bad') throw new AxiosError('bad', 'EBAD', config);
      return answer(config);
    });
    const { config: bad } = (await rejection(api.get('/bad'))) as AxiosError;
    for (const config of [(await api.get('/good')).config, bad] as Noted[]) expect([config.took, config[NOTE]]).toEqual([7, 1]);
  });

  it('may freeze its errors', async () => {
    const error = Object.freeze(new AxiosError('mine', 'EMINE'));
    const api = make((config) => Promise.reject(config.url === '/with' ? Object.freeze(new AxiosError('with', 'EWITH', config)) : error));
    expect(await rejection(api.get('/a'))).toBe(error);
    const { code, config } = (await rejection(api.get('/with', { timeout: 300 }))) as AxiosError;
    expect([code, config?.timeout, config?.signal]).toEqual(['EWITH', 300, undefined]);
  });
});

it('what an adapter notes is there for its next attempt', async () => {
  const api = createClient({
    adapter: async (config) => {
      const noted = config as Noted;
      noted.count = Number(noted.count ?? 0) + 1;
      if (noted.count === 1) throw new AxiosError('broken off', 'ECONNRESET', config);
      return answer(config);
    },
    retry: { baseDelay: 0 },
  });
  expect((await api.get('/a')).config).toMatchObject({ count: 2 });
});

it('what an adapter noted before its attempt was stopped is there, and nothing that it notes later', async () => {
  const api = createClient({
    adapter: async (config) => {
      const noted = config as Noted;
      const isFirst = noted.began === undefined;
      noted.began = isFirst ? 'first' : 'second';
      if (isFirst) await new Promise((resolve) => setTimeout(resolve, 150));
      noted.ended = noted.began;
      return answer(config);
    },
    retry: { baseDelay: 0 },
  });
  expect(await rejection(api.get('/a', { timeout: 50, retry: false }))).toMatchObject({ code: 'ETIMEDOUT', config: { began: 'first' } });
  const { config } = await api.get('/a', { timeout: 50 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(config).toMatchObject({ began: 'second', ended: 'second' });
});
