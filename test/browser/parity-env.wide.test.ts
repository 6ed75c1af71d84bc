// A fetch of the user's, or other parts of `env`, in a page: what they are given, and what becomes of what they answer.
import axios, { type AxiosInstance, type AxiosRequestConfig, type ResponseType } from 'axios';
import { describe, expect, it } from 'vitest';
import { type Kit, type Make, same } from './parity-support';

/** As one that decrypts what comes. */
class ReadsItself extends Response {
  override async text(): Promise<string> {
    return `mine, and ${await super.text()}`;
  }
  override async arrayBuffer(): Promise<ArrayBuffer> {
    return new ArrayBuffer(3);
  }
  override async blob(): Promise<Blob> {
    return new Blob(['mine']);
  }
  override async formData(): Promise<FormData> {
    return new FormData();
  }
}

describe('env, by fetch', () => {
  /** A fetch of the user's, which tells what it was given. */
  const fetchOf =
    ({ log }: Kit) =>
    async (input: unknown, init?: unknown) => {
      const { url, method, headers } = input as Request;
      const isBare = init !== undefined && init !== null && Object.getPrototypeOf(init) === null;
      log(input instanceof Request, url, method, [...headers], init, isBare);
      return new Response('{"made":true}', {
        status: 201,
        statusText: 'Made',
        headers: { 'Content-Type': 'application/json', 'X-A': '1' },
      });
    };
  const ENVS: [string, Make][] = [
    ['fetch', (kit) => ({ env: { fetch: fetchOf(kit) } })],
    ['fetch with options', (kit) => ({ env: { fetch: fetchOf(kit) }, fetchOptions: { cache: 'no-store', mine: 1 } as object })],
    [
      'fetch without Request',
      ({ log }) => ({
        env: {
          Request: null as never,
          fetch: async (input, init) => new Response(`made ${log(input, Object.keys(init ?? {}).sort())}`),
        },
      }),
    ],
    [
      'fetch and a mere object for an answer',
      () => ({
        env: {
          fetch: async () => ({ status: 200, statusText: 'OK', headers: new Headers({ a: 'b' }), text: async () => 'mine' }) as Response,
        },
      }),
    ],
    ['fetch whose answer was read', () => ({ env: { fetch: async () => readAlready() } })],
    ['fetch that is null', () => ({ env: { fetch: null as never } })],
    ['fetch whose answer is frozen', () => ({ env: { fetch: async () => Object.freeze(new Response('frozen')) } })],
    ...(['text', 'arraybuffer', 'blob', 'formdata', 'stream'] as ResponseType[]).map((responseType): [string, Make] => [
      `fetch whose answer reads itself, as ${responseType}`,
      () => ({ responseType, env: { fetch: async () => new ReadsItself('read') } }),
    ]),
    [
      'fetch whose answer was given a method',
      () => ({ env: { fetch: async () => Object.assign(new Response('read'), { text: async () => 'mine' }) } }),
    ],
    [
      'fetch whose answer was given a body for good',
      () => ({
        responseType: 'stream',
        env: { fetch: async () => Object.defineProperty(new Response('read'), 'body', { value: new Response('mine').body }) },
      }),
    ],
    [
      'fetch and a mere object with a stream of text',
      () => ({
        env: {
          fetch: async () => {
            const body = new ReadableStream({ start: (controller) => controller.enqueue('a chunk') });
            return { status: 200, statusText: 'OK', headers: new Headers(), body, text: async () => 'mine' } as Response;
          },
        },
      }),
    ],
    ['fetch whose answer has no body', () => ({ env: { fetch: async () => new Response(null, { status: 204 }) } })],
    ['fetch whose answer is an error', () => ({ env: { fetch: async () => Response.error() } })],
    ['fetch that fails', () => ({ env: { fetch: () => Promise.reject(new TypeError('Failed to fetch')) } })],
    [
      'fetch that throws',
      () => ({
        env: {
          fetch: () => {
            throw new RangeError('mine');
          },
        },
      }),
    ],
    ['Response', () => ({ env: { Response: class extends Response {} as never }, responseType: 'blob' })],
  ];
  it.each(ENVS)('%s', async (_what, make) => {
    await same('fetch', (kit) => ({ url: kit.own('p'), ...make(kit) }));
    await same('fetch', () => ({ url: 'p' }), { create: (kit) => ({ baseURL: kit.own(''), ...make(kit) }) });
  });

  // axios takes the body by a method where it was to be thought that it takes the stream, or the other way round.
  const own: Make = ({ own }) => ({ url: own('p') });
  const TAKEN: [string, Make][] = [
    ...[null, '1000', '', true].map((size): [string, Make] => [
      `maxContentLength ${JSON.stringify(size)}`,
      (kit) => ({ ...own(kit), maxContentLength: size as never }),
    ]),
    ['a Response that is null, and progress', (kit) => ({ ...own(kit), env: { Response: null as never }, onDownloadProgress: () => {} })],
    [
      'the whole response, by a fetch',
      (kit) => ({ ...own(kit), responseType: 'response' as 'text', env: { fetch: (...by) => fetch(...by) } }),
    ],
    [
      'the whole response, by a Request',
      (kit) => ({ ...own(kit), responseType: 'response' as 'text', env: { Request: class extends Request {} as never } }),
    ],
  ];
  it.each(TAKEN)('%s', async (_what, make) => {
    const { response } = await same('fetch', make);
    expect(response).toMatchObject({ status: 200 });
  });

  it('fetch whose answer is one and the same: the second time it was read', async () => {
    const twice = async (instance: AxiosInstance, config: AxiosRequestConfig): Promise<never> => {
      const first = await instance.request(config);
      const second: unknown = await instance.request(config).catch(({ name }: Error) => name);
      throw [first.data, second];
    };
    const make: Make = ({ own }) => {
      const response = new Response('once');
      return { url: own('p'), env: { fetch: async () => response } };
    };
    const { error } = await same('fetch', make, { call: twice });
    expect(error).toEqual({ thrown: ['once', 'TypeError'] });
  });

  it('of several clients, and of axios, do not get into each other’s way', async () => {
    const tellTale = (name: string): AxiosRequestConfig => ({ env: { fetch: async () => new Response(name) } });
    for (const name of ['one', 'two']) {
      const { response } = await same('fetch', ({ own }) => ({ url: own('p') }), { create: () => tellTale(name) });
      expect(response).toMatchObject({ data: name });
    }
    const { response } = await same('fetch', ({ own }) => ({ url: own('p') }));
    expect(response).toMatchObject({ data: { method: 'GET' } });
  });
});

async function readAlready(): Promise<Response> {
  const response = new Response('read');
  await response.text();
  return response;
}

it('the adapter of axios’ own, as a function', async () => {
  for (const name of ['fetch', 'xhr'] as const) await same(name, ({ at }) => ({ url: at('p'), adapter: axios.getAdapter(name) }));
});
