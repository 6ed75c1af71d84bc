// A call that is canceled through a client ends as through stock axios, whenever that is, and the server sees the end of it.
import http from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, type Observed, parity } from './parity-support';

const held = parity();
const { same, sameScenario, url } = held;

/** Both ways to cancel: what goes into the config, and what cancels it. */
const WAYS: Record<string, () => [config: Config, cancel: () => void]> = {
  'a signal': () => {
    const controller = new AbortController();
    return [{ signal: controller.signal }, () => controller.abort()];
  },
  'a signal with a reason': () => {
    const controller = new AbortController();
    return [{ signal: controller.signal }, () => controller.abort(new Error('reason'))];
  },
  'a token': () => {
    const { token, cancel } = axios.CancelToken.source();
    return [{ cancelToken: token }, () => cancel('by token')];
  },
  'a token without a message': () => {
    const { token, cancel } = axios.CancelToken.source();
    return [{ cancelToken: token }, () => cancel()];
  },
};

// The client rejects at once, so its error has Node's request, and where axios has made no config yet the headers are not flat.
const alike = ({ outcome: { rejected, ...rest }, ...all }: Observed): unknown => {
  const { request: _, json: __, ...facts } = rejected ?? {};
  return { ...all, ...rest, ...facts };
};
const early = (observed: Observed): unknown => ({ ...(alike(observed) as object), config: observed.outcome.rejected?.config?.url });
const silent: Answer = { send: [] };
const head = (): Buffer => reply({ headers: [['Content-Length', '10']], framing: 'none' });

describe.each(Object.keys(WAYS))('%s', (name) => {
  const make = WAYS[name] as (typeof WAYS)[string];
  /** Cancels when the server has the request. */
  const onRequest = async (api: AxiosInstance, config: Config, wait = 0): Promise<unknown> => {
    const [aborter, cancel] = make();
    held.site.onRequest = () => void setTimeout(cancel, wait);
    try {
      return await api.request({ url: url(), ...aborter, ...config } as never);
    } finally {
      held.site.onRequest = undefined;
    }
  };

  it('before it begins', async () => {
    for (const config of [{}, { method: 'post', data: { a: 1 } }, { maxRedirects: 0 }, { url: 'http://' }]) {
      const { connections } = await sameScenario(
        [],
        (api) => {
          const [aborter, cancel] = make();
          cancel();
          return api.request({ url: url(), ...aborter, ...config } as never);
        },
        { alike: early },
      );
      expect(connections).toEqual([]);
    }
  });

  it('in the same turn, and while it connects', async () => {
    for (const turns of [0, 1]) {
      await sameScenario(
        [],
        async (api) => {
          const [aborter, cancel] = make();
          // Late, and not never: Node 24 goes on connecting for a request that is gone.
          const lookup = (_: string, __: object, done: (error: Error) => void): void => void setTimeout(done, 300, new Error('too late'));
          const call = api.request({ url: 'http://name.test/', lookup, ...aborter } as never);
          call.catch(() => {});
          if (turns) await sleep(5);
          cancel();
          return call;
        },
        { alike: early },
      );
    }
  });

  it('while it waits', async () => {
    for (const config of [
      {},
      { method: 'post', data: { a: 1 } },
      { maxRedirects: 0 },
      { responseType: 'stream' },
      { url: url('/s', 'https') },
    ]) {
      const { outcome, idle } = await sameScenario([silent], (api) => onRequest(api, config as Config), { alike });
      expect(outcome.rejected).toMatchObject({ code: 'ERR_CANCELED', name: 'CanceledError' });
      expect(idle).toBe(0);
    }
  });

  it('while it is queued', async () => {
    const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { connections } = await sameScenario(
      [silent],
      async (api) => {
        const [first, stop] = make();
        const [second, cancel] = make();
        const seen = new Promise<void>((resolve) => {
          held.site.onRequest = resolve;
        });
        const calls = [first, second].map((aborter) => api.request({ url: url(), ...aborter } as never).catch(({ name }) => name));
        await seen;
        held.site.onRequest = undefined;
        for (const end of [cancel, stop]) end();
        return Promise.all(calls);
      },
      // Node connects for what is canceled in its queue, and 24 keeps the connection; the client takes it out.
      { defaults: { httpAgent }, alike: ({ connections, idle: _, ...rest }) => ({ ...rest, seen: connections.flat() }) },
    );
    expect(connections.flat()).toHaveLength(1);
  });

  it('in the midst of the answer', async () => {
    for (const config of [{}, { responseType: 'arraybuffer' }, { maxRedirects: 0 }, { onDownloadProgress: () => {} }]) {
      const { outcome } = await sameScenario([{ send: [head(), 'abc'] }], (api) => onRequest(api, config as Config, 15), { alike });
      expect(outcome.rejected.name).toBe('CanceledError');
    }
  });

  it('in the midst of a stream', async () => {
    for (const config of [{}, { maxContentLength: 100 }, { decompress: false }]) {
      const read = async (api: AxiosInstance): Promise<unknown> => {
        const [aborter, cancel] = make();
        const { data } = await api.get(url(), { responseType: 'stream', ...aborter, ...config } as never);
        setTimeout(cancel, 10);
        try {
          for await (const _ of data);
          return 'ended';
        } catch (error) {
          const { name, message, code } = error as Error & { code?: string };
          return { name, message, code, destroyed: data.destroyed };
        }
      };
      await sameScenario([{ send: [head(), 'abc'] }], read);
    }
  });

  it('in the midst of an upload', async () => {
    const endless = (): Readable =>
      Readable.from(
        (async function* () {
          for (;;) {
            yield Buffer.alloc(1_000);
            await sleep(2);
          }
        })(),
      );
    await sameScenario([silent], (api) => onRequest(api, { method: 'post', data: endless() }, 15), {
      // How much came until then is chance.
      alike: (observed) => ({ ...(alike(observed) as object), connections: observed.connections.flat().map(({ cut }) => cut) }),
    });
  });

  it('after it ended', async () => {
    await sameScenario([{ send: [reply({ body: 'x' })] }], async (api) => {
      const [aborter, cancel] = make();
      const { data } = await api.request({ url: url(), ...aborter } as never);
      cancel();
      return data;
    });
    await sameScenario([{ send: [reply({ status: 404, body: 'x' })] }], async (api) => {
      const [aborter, cancel] = make();
      const { code } = await api.request({ url: url(), ...aborter } as never).then(null as never, (error) => error);
      cancel();
      return code;
    });
  });

  it('in an interceptor, and in a transform', async () => {
    await sameScenario(
      [],
      (api) => {
        const [aborter, cancel] = make();
        api.interceptors.request.use(async (config) => {
          cancel();
          return config;
        });
        return api.request({ url: url(), ...aborter } as never);
      },
      { alike: early },
    );
    // axios may have sent the request by then, the client has not.
    await sameScenario(
      [],
      (api) => {
        const [aborter, cancel] = make();
        const transformRequest = (data: unknown): unknown => {
          cancel();
          return data;
        };
        return api.request({ url: url(), method: 'post', data: 'x', transformRequest, ...aborter } as never);
      },
      { alike: ({ outcome }) => [outcome.rejected.name, outcome.rejected.message] },
    );
  });

  it('leaves no listener on what canceled it', async () => {
    const { log } = await sameScenario([], async (api, log) => {
      const [{ cancelToken, signal }] = make();
      const counts: string[] = [];
      const spied =
        signal &&
        new Proxy(signal as AbortSignal, {
          get(target, name) {
            if (name === 'addEventListener' || name === 'removeEventListener') counts.push(name);
            const value = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      await api.request({ url: url(), ...(spied ? { signal: spied } : { cancelToken }) } as never);
      const listeners = (cancelToken as unknown as { _listeners?: unknown[] } | undefined)?._listeners?.length ?? 0;
      log(listeners, counts.filter((name) => name.startsWith('add')).length - counts.filter((name) => name.startsWith('remove')).length);
    });
    expect(log).toEqual([[0, 0]]);
  });
});

it('what is thrown is a CanceledError of axios, by its own time too', async () => {
  const { outcome } = await same([silent], () => ({ url: url(), signal: AbortSignal.timeout(30) }), {
    // Whether the server hears of it first is chance.
    alike: (observed) => ({ ...(alike(observed) as object), connections: observed.connections.length }),
  });
  expect(outcome.rejected).toMatchObject({ __CANCEL__: true, message: 'canceled' });
});
