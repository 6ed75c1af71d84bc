// A user's abort ends a request in a page as it does with stock axios: before it, during it, in its body; by signal and by cancelToken.
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { CHOICES, type Kit, type Make, type Observed, same } from './parity-support';
import type { Told } from './parity-told';
import { sleep } from './support';

/**
 * The caller of a client is answered at once, by the call and not by its adapter: so the error has neither the adapter's request nor its
 * cause, of the config at most what was asked for, and always axios' own word, where its fetch adapter has the platform's.
 */
function atOnce({ error }: Observed): unknown {
  const { name, code, message, status, classes, made, response } = error as Record<string, Told>;
  const word = String(message).replace(/signal is aborted without reason|^enough!$/, 'canceled');
  return { name, code, status, classes, made, response, word };
}

type Abort = (kit: Kit) => { config: AxiosRequestConfig; abort: () => void };
const ABORTS: [string, Abort][] = [
  [
    'signal',
    () => {
      const controller = new AbortController();
      return { config: { signal: controller.signal }, abort: () => controller.abort() };
    },
  ],
  [
    'signal with a reason',
    () => {
      const controller = new AbortController();
      return { config: { signal: controller.signal }, abort: () => controller.abort(new Error('enough!')) };
    },
  ],
  [
    'cancelToken',
    () => {
      const { token, cancel } = axios.CancelToken.source();
      return { config: { cancelToken: token }, abort: () => cancel('enough') };
    },
  ],
  [
    'cancelToken without a word',
    () => {
      const { token, cancel } = axios.CancelToken.source();
      return { config: { cancelToken: token }, abort: () => cancel() };
    },
  ],
];

/** When the abort comes. */
const MOMENTS: [string, (kit: Kit, abort: () => void) => AxiosRequestConfig][] = [
  [
    'before',
    ({ at }, abort) => {
      abort();
      return { url: at('p') };
    },
  ],
  [
    'in the same turn',
    ({ at }, abort) => {
      queueMicrotask(abort);
      return { url: at('p', { silent: 'at once' }) };
    },
  ],
  [
    'while it waits',
    ({ at, whenSent }, abort) => {
      whenSent(abort);
      return { url: at('p', { silent: 'at once' }) };
    },
  ],
  [
    'in the body',
    ({ at, whenSent }, abort) => {
      whenSent(() => setTimeout(abort, 100));
      return { url: at('p', { silent: 'in body', body: 'x'.repeat(5_000) }) };
    },
  ],
  [
    'in an upload',
    ({ at }, abort) => {
      setTimeout(abort, 100);
      return { method: 'post', url: at('p', { silent: 'at once' }), data: new Blob(['x'.repeat(100_000)]) };
    },
  ],
  [
    'in a transform',
    ({ at }, abort) => ({
      url: at('p'),
      transformRequest: (data) => {
        abort();
        return data;
      },
    }),
  ],
];

describe.each(CHOICES)('by %s', (choice) => {
  describe.each(ABORTS)('%s', (_how, abort) => {
    it.each(MOMENTS)('%s', async (_when, moment) => {
      const make: Make = (kit) => {
        const { config, abort: act } = abort(kit);
        return { ...config, ...moment(kit, act) };
      };
      const { error } = await same(choice, make, { alike: atOnce });
      expect(error).toMatchObject({ code: 'ERR_CANCELED', classes: [true, true, true, true] });
    });

    it('afterwards: nothing happens', async () => {
      const make: Make = (kit) => {
        const { config, abort: act } = abort(kit);
        setTimeout(act, 300);
        return { ...config, url: kit.at('p') };
      };
      const call = async (instance: AxiosInstance, config: AxiosRequestConfig): Promise<unknown> => {
        const response = await instance.request(config);
        await sleep(350);
        return response;
      };
      await same(choice, make, { call });
    });
  });

  it('several requests with one signal are all canceled', async () => {
    const call = async (instance: AxiosInstance, config: AxiosRequestConfig): Promise<never> => {
      const all = await Promise.allSettled([instance.request(config), instance.request(config), instance.get(`${config.url}&b`, config)]);
      throw all.map((one) => one.status === 'rejected' && one.reason.code);
    };
    const make: Make = ({ at, whenSent }) => {
      const controller = new AbortController();
      whenSent(() => controller.abort());
      return { url: at('p', { silent: 'at once' }), signal: controller.signal };
    };
    const { error } = await same(choice, make, { call, alike: ({ error }) => error });
    expect(error).toEqual({ thrown: ['ERR_CANCELED', 'ERR_CANCELED', 'ERR_CANCELED'] });
  });
});

describe('a stream, by fetch', () => {
  it.each(ABORTS)('that is being read, by %s', async (_how, abort) => {
    const make: Make = (kit) => {
      const { config, abort: act } = abort(kit);
      setTimeout(act, 300);
      return { ...config, url: kit.at('p', { silent: 'in body', body: 'begun' }), responseType: 'stream' };
    };
    // The reader is told in one of two ways that it was canceled: axios' own error, or the platform's.
    const { response } = await same('fetch', make, {
      alike: ({ response }) => {
        const { data, ...rest } = response as unknown as { data: { stream: string; error: unknown } };
        return { ...rest, read: data.stream, failed: data.error !== undefined };
      },
    });
    expect(response).toMatchObject({ data: { stream: 'begun', error: { code: 'ERR_CANCELED' } } });
  });
});
