// The user's own abort: the caller hears of it at once, wherever the call hangs, and nothing goes on listening when calls are over.
import { Readable } from 'node:stream';
import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  type CancelToken,
  type GenericAbortSignal,
  type InternalAxiosRequestConfig,
} from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CallRecord, type ClientConfig, createClient, type RequestConfig } from '../../src/index';
import { attempt } from '../../src/policies/attempt';
import { cancellation, cancellationBelow } from '../../src/policies/cancellation';
import { PhaseClock } from '../../src/transport/phase-clock';
import { containedDefects } from '../setup/defects';
import { errorOf, FakeUpstream, settled, URL } from './breaker-support';
import { callOf } from './call-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => {});

/** As axios' own adapters do. */
const listens = ({ signal, cancelToken }: InternalAxiosRequestConfig): Promise<never> =>
  new Promise((_, reject) => {
    signal?.addEventListener?.('abort', () => reject(new axios.CanceledError()));
    cancelToken?.promise.then(reject);
  });

function clientOver(adapter: AxiosAdapter, config: ClientConfig = {}) {
  const client = createClient({ adapter, retry: false, breaker: false, deadline: false, ...config });
  const calls: CallRecord[] = [];
  client.on('call', (record) => calls.push(record));
  return { client, calls };
}

/** A signal, and how many listen to it. */
function watched() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const added = vi.spyOn(signal, 'addEventListener').mockImplementation(function (this: AbortSignal, type, listener) {
    if (type === 'abort') listeners.add(listener);
    EventTarget.prototype.addEventListener.call(this, type, listener as EventListener);
  });
  vi.spyOn(signal, 'removeEventListener').mockImplementation(function (this: AbortSignal, type, listener) {
    if (type === 'abort') listeners.delete(listener);
    EventTarget.prototype.removeEventListener.call(this, type, listener as EventListener);
  });
  return { controller, signal, listeners, added };
}

const listenersOf = (token: CancelToken): unknown[] => (token as unknown as { _listeners?: unknown[] })._listeners ?? [];

/** The two ways to abort. */
const WAYS: [string, () => { given: Pick<RequestConfig, 'signal' | 'cancelToken'>; abort(): void; listening(): number }][] = [
  [
    'signal',
    () => {
      const { controller, signal, listeners } = watched();
      return { given: { signal }, abort: () => controller.abort(), listening: () => listeners.size };
    },
  ],
  [
    'cancelToken',
    () => {
      const { token, cancel } = axios.CancelToken.source();
      return { given: { cancelToken: token }, abort: () => cancel(), listening: () => listenersOf(token).length };
    },
  ],
];

describe.each(WAYS)('an abort by %s', (_, way) => {
  it('ends a call at once, though its adapter ignores it', async () => {
    const { given, abort, listening } = way();
    const { client, calls } = clientOver(never);
    const outcome = errorOf(client.get(URL, given));
    await settled();
    abort();
    const error = await outcome;
    expect(error).toMatchObject({ code: 'ERR_CANCELED', name: 'CanceledError' });
    expect(axios.isCancel(error)).toBe(true);
    expect(calls).toMatchObject([{ outcome: 'canceled', code: 'ERR_CANCELED', attempts: 1 }]);
    expect(listening()).toBe(0);
  });

  it('ends a call in an interceptor that hangs', async () => {
    const { given, abort } = way();
    const { client, calls } = clientOver(never);
    client.interceptors.request.use(never);
    const outcome = errorOf(client.get(URL, given));
    await settled();
    abort();
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(calls).toMatchObject([{ outcome: 'canceled', attempts: 0 }]);
  });

  it.each(['in the turn of the call', 'in a request interceptor', 'in a response interceptor'] as const)(
    '%s comes to the caller as its interceptors have it',
    async (place) => {
      const adapter: AxiosAdapter = async (config) => ({ data: 'answer', status: 200, statusText: '', headers: {}, config });
      const ends = [axios.create({ adapter }), clientOver(adapter).client].map(async (api) => {
        const { given, abort } = way();
        const abortIn =
          (here: string) =>
          <T>(value: T): T => {
            if (place === here) abort();
            return value;
          };
        api.interceptors.request.use(abortIn('in a request interceptor'));
        api.interceptors.response.use(abortIn('in a response interceptor'), (error) => {
          throw new Error('mine', { cause: error });
        });
        const outcome = api.get(URL, given).then(
          ({ data }) => data,
          ({ message, cause }) => [message, cause.code],
        );
        if (place === 'in the turn of the call') abort();
        return outcome;
      });
      const [theirs, ours] = await Promise.all(ends);
      expect(theirs).toEqual(place === 'in a response interceptor' ? 'answer' : ['mine', 'ERR_CANCELED']);
      expect(ours).toEqual(theirs);
    },
  );

  it('before the call lets no body be made', async () => {
    const { given, abort } = way();
    abort();
    const factory = vi.fn();
    const { client } = clientOver(never);
    client.interceptors.request.use(({ data }) => data.append('a', 'b'));
    expect(await errorOf(client.post(URL, factory, given))).toMatchObject({ code: 'ERR_CANCELED' });
    expect(factory).not.toHaveBeenCalled();
  });

  it('before the call lets nothing be sent; interceptors hear of it as from axios', async () => {
    const { given, abort, listening } = way();
    abort();
    const adapter = vi.fn(never);
    const asked = vi.fn((config: InternalAxiosRequestConfig) => config);
    const { client, calls } = clientOver(adapter);
    client.interceptors.request.use(asked);
    client.interceptors.response.use(undefined, (error) => Promise.reject(new Error('mine', { cause: error })));
    const error = await errorOf(client.post(URL, {}, given));
    expect(error).toMatchObject({ message: 'mine', cause: { code: 'ERR_CANCELED' } });
    expect(asked).toHaveBeenCalledOnce();
    expect(adapter).not.toHaveBeenCalled();
    expect(calls).toMatchObject([{ outcome: 'canceled', attempts: 0 }]);
    expect(listening()).toBe(0);
  });

  it('before the call lets nothing be sent, though an interceptor takes what it aborts by off', async () => {
    const { given, abort } = way();
    abort();
    const adapter = vi.fn(never);
    const { client } = clientOver(adapter);
    client.interceptors.request.use((config) => Object.assign(config, { signal: undefined, cancelToken: undefined }));
    expect(await errorOf(client.get(URL, given))).toMatchObject({ code: 'ERR_CANCELED' });
    expect(adapter).not.toHaveBeenCalled();
  });

  it.each<[string, (error: unknown) => unknown]>([
    ['an answer', () => ({ data: 'quiet' })],
    [
      'an error of its own',
      (error) => {
        throw new Error('mine', { cause: error });
      },
    ],
    ['itself', (error) => Promise.reject(error)],
  ])('is heard of by interceptors, which may make %s of it', async (_, make) => {
    const { given, abort } = way();
    const ends = [axios.create({ adapter: listens }), clientOver(never, { fallback: { value: 'spare' }, retry: {} }).client].map(
      async (api) => {
        const caught = vi.fn(make);
        api.interceptors.response.use(undefined, caught);
        const outcome = api.get(URL, given).then(
          ({ data }) => data,
          ({ message, code }) => [message, code],
        );
        await settled();
        abort();
        const end = await outcome;
        expect(caught.mock.calls).toMatchObject([[{ code: 'ERR_CANCELED' }]]);
        return end;
      },
    );
    const [theirs, ours] = await Promise.all(ends);
    expect(ours).toEqual(theirs);
  });

  it('that an interceptor makes an error of is an abort still to a record, and to a fallback', async () => {
    const { given, abort } = way();
    const { client, calls } = clientOver(never, { fallback: { value: 'spare' } });
    client.interceptors.response.use(undefined, () => Promise.reject(new Error('mine')));
    const outcome = errorOf(client.get(URL, given));
    await settled();
    abort();
    expect(await outcome).toMatchObject({ message: 'mine' });
    expect(calls).toMatchObject([{ outcome: 'canceled', attempts: 1 }]);
  });

  it('that an interceptor keeps from its caller ends the call by the deadline at the latest, and that is no timeout', async () => {
    const { given, abort, listening } = way();
    const { client, calls } = clientOver(never, { deadline: 1_000 });
    const timeouts = vi.fn();
    client.on('timeout', timeouts);
    client.interceptors.response.use(undefined, never);
    const outcome = errorOf(client.get(URL, given));
    await settled();
    abort();
    await settled();
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(calls).toMatchObject([{ outcome: 'canceled' }]);
    expect(timeouts).not.toHaveBeenCalled();
    expect(listening()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['a back-off', 'a queue', 'the making of a body'] as const)('ends a call in %s, and interceptors hear of it', async (place) => {
    const { given, abort } = way();
    const refuse = async (config: InternalAxiosRequestConfig): Promise<never> => {
      throw new AxiosError('refused', 'ECONNREFUSED', config);
    };
    const { client } = clientOver(place === 'a queue' ? never : refuse, { retry: {}, limit: { concurrency: 1, maxQueue: 5 } });
    if (place === 'a queue') void client.get(URL);
    let made = 0;
    const body = () => (made++ ? never() : new Readable({ read() {} }));
    const heard = vi.fn((error: unknown) => Promise.reject(error));
    client.interceptors.response.use(undefined, heard);
    const outcome = errorOf(place === 'the making of a body' ? client.put(URL, body, given) : client.get(URL, given));
    await settled();
    if (place === 'the making of a body') await vi.advanceTimersByTimeAsync(2_000);
    expect(made).toBe(place === 'the making of a body' ? 2 : 0);
    abort();
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(heard.mock.calls).toMatchObject([[{ code: 'ERR_CANCELED' }]]);
  });

  it('between the interceptors and the network lets no attempt begin', async () => {
    const { given, abort } = way();
    const adapter = vi.fn(never);
    const { client, calls } = clientOver(adapter);
    client.interceptors.request.use((config) => {
      abort();
      return Object.assign(config, given);
    });
    expect(await errorOf(client.get(URL))).toMatchObject({ code: 'ERR_CANCELED' });
    await settled();
    expect(adapter).not.toHaveBeenCalled();
    expect(calls).toMatchObject([{ outcome: 'canceled', attempts: 0 }]);
  });

  it.each([
    [200, 'the caller'],
    [503, 'the caller'],
    ['ECONNRESET', 'the caller'],
    [200, 'an interceptor'],
    [503, 'an interceptor'],
    ['ECONNRESET', 'an interceptor'],
  ] as const)('is not listened for once the call has ended with %s, brought by %s', async (does, by) => {
    const { given, abort, listening } = way();
    const upstream = new FakeUpstream();
    upstream.does = 'hang';
    const { client, calls } = clientOver(upstream.adapter);
    if (by === 'an interceptor') client.interceptors.request.use((config) => Object.assign(config, given));
    const outcome = client.get(URL, by === 'the caller' ? given : {}).catch(() => {});
    await settled();
    expect(listening()).toBeGreaterThan(0);
    upstream.held[0]?.answer(does);
    await outcome;
    await settled();
    expect(listening()).toBe(0);
    abort();
    await settled();
    expect(calls).toHaveLength(1);
    expect(calls[0]?.outcome).not.toBe('canceled');
  });

  it.each(['adapter', 'interceptor'] as const)(
    'is not listened for once a deadline has ended the call, though its %s hangs on',
    async (hangs) => {
      const { given, listening } = way();
      const { client } = clientOver(never, { deadline: 1_000 });
      if (hangs === 'interceptor') client.interceptors.request.use(never);
      const outcome = errorOf(client.get(URL, given));
      await vi.advanceTimersByTimeAsync(1_001);
      expect(await outcome).toMatchObject({ limit: 'deadline' });
      expect(listening()).toBe(0);
    },
  );

  it('that an interceptor brought is not listened for once the call has ended, though what it went through hangs on', async () => {
    const { given, listening } = way();
    const { call } = callOf();
    call.config = { ...call.request, ...given, headers: new AxiosHeaders() };
    const outcome = errorOf(cancellationBelow(never)(call));
    expect(listening()).toBe(1);
    const reason = new Error('aborted by its caller');
    call.end(reason);
    expect(await outcome).toBe(reason);
    expect(listening()).toBe(0);
  });

  it('ends a call that an interceptor keeps from its caller after an abort that an interceptor brought', async () => {
    const { given, abort, listening } = way();
    const late = new AbortController();
    const { client, calls } = clientOver(never);
    client.interceptors.request.use((config) => Object.assign(config, { signal: late.signal }));
    client.interceptors.response.use(undefined, never);
    const outcome = errorOf(client.get(URL, given));
    await settled();
    late.abort();
    await settled();
    expect(calls).toEqual([]);
    abort();
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
    expect(calls).toMatchObject([{ outcome: 'canceled' }]);
    expect(listening()).toBe(0);
  });

  it('ends a stream that was handed out, and is not listened for after its last byte', async () => {
    for (const last of ['abort', 'end'] as const) {
      const { given, abort, listening } = way();
      const { call, observer } = callOf({ request: { url: URL, ...given } });
      const transport = cancellation(
        attempt((limits, onExpiry) => new PhaseClock(limits, onExpiry))(async (call) => {
          if (call.attempt) call.attempt.bodyOpen = true;
          return { status: 200 } as never;
        }),
      );
      await transport(call);
      await settled();
      expect(listening()).toBe(1);
      if (last === 'abort') abort();
      else call.attempt?.bodyEnded();
      await settled();
      const outcomes = observer.attemptEnded.mock.calls.map(([, , { outcome }]) => outcome);
      expect(outcomes).toEqual([last === 'abort' ? 'canceled' : 'success']);
      expect(listening()).toBe(0);
    }
  });
});

describe('an abort that an interceptor brought', () => {
  it("is heard of by interceptors, though the caller's made it", async () => {
    const [callers, linked] = [new AbortController(), new AbortController()];
    callers.signal.addEventListener('abort', () => linked.abort());
    const { client } = clientOver(never);
    client.interceptors.request.use((config) => Object.assign(config, { signal: linked.signal }));
    client.interceptors.response.use(undefined, () => ({ data: 'quiet' }) as AxiosResponse);
    const outcome = client.get(URL, { signal: callers.signal });
    await settled();
    callers.abort();
    expect((await outcome).data).toBe('quiet');
  });
});

it('an abort in a request interceptor leaves a config of which a repeat makes a fresh body', async () => {
  const controller = new AbortController();
  const sent: unknown[] = [];
  const { client } = clientOver(async (config) => {
    sent.push(config.data);
    return { data: '', status: 200, statusText: '', headers: {}, config };
  });
  const aborting = client.interceptors.request.use((config) => {
    controller.abort();
    return config;
  });
  const made: Readable[] = [];
  const body = (): Readable => made[made.push(Readable.from(['x'])) - 1] as Readable;
  const { config } = (await errorOf(client.post(URL, body, { signal: controller.signal }))) as AxiosError;
  client.interceptors.request.eject(aborting);
  await client.request(Object.assign(config as RequestConfig, { signal: undefined }));
  expect([made.length, ...sent]).toEqual([2, made[1]]);
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true, false]);
});

it('a signal that nobody can listen to, and that is aborted by the deadline, ends the call by that', async () => {
  const signal = { aborted: false };
  const { client, calls } = clientOver(never, { deadline: 1_000 });
  const outcome = errorOf(client.get(URL, { signal: signal as GenericAbortSignal }));
  await settled();
  signal.aborted = true;
  await vi.advanceTimersByTimeAsync(1_001);
  expect(await outcome).toMatchObject({ limit: 'deadline' });
  expect(calls).toMatchObject([{ outcome: 'timeout' }]);
});

it('a stream that cannot be ended keeps no call of the same signal from its end', async () => {
  const { signal, controller } = watched();
  const data = {
    on() {},
    once() {},
    destroy() {
      throw new Error('not this one');
    },
  };
  const { client } = clientOver(async (config) => ({ data, status: 200, statusText: '', headers: {}, config }));
  client.interceptors.response.use(never);
  const outcomes = [1, 2].map(() => errorOf(client.get(URL, { signal, responseType: 'stream' })));
  await settled();
  controller.abort();
  expect(await Promise.all(outcomes)).toMatchObject([{ code: 'ERR_CANCELED' }, { code: 'ERR_CANCELED' }]);
  expect(containedDefects().length).toBeGreaterThan(0);
});

it('an answer that throws when it is looked at is its caller’s, and nobody listens for its abort', async () => {
  const { signal, listeners } = watched();
  const { client } = clientOver(async (config) => ({ data: 1, status: 200, statusText: '', headers: {}, config }));
  const answer = {
    get data() {
      throw new Error('not to be looked at');
    },
  };
  client.interceptors.response.use(() => answer as never);
  expect(await client.get(URL, { signal })).toBe(answer);
  await settled();
  expect(listeners.size).toBe(0);
});

it('an error that throws when it is looked at is its caller’s, and no rejection is left unhandled', async () => {
  vi.useRealTimers();
  const { signal, listeners } = watched();
  const error = Object.defineProperty(new Error('from an adapter'), 'response', {
    get() {
      throw new Error('not to be looked at');
    },
  });
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const { client } = clientOver(() => Promise.reject(error));
  await errorOf(client.get(URL, { signal }));
  await new Promise(setImmediate); // Node looks for unhandled rejections once promises have settled
  process.off('unhandledRejection', unhandled);
  expect([listeners.size, unhandled.mock.calls]).toEqual([0, []]);
  expect(containedDefects().length).toBeGreaterThan(0);
});

describe('the CanceledError', () => {
  it('of a signal knows the request', async () => {
    const controller = new AbortController();
    const { client } = clientOver(never);
    const outcome = errorOf(client.get(URL, { signal: controller.signal }));
    await settled();
    controller.abort();
    expect(await outcome).toMatchObject({ config: { url: URL } });
    expect(await errorOf(client.get(URL, { signal: controller.signal }))).toMatchObject({ config: { url: URL } });
  });

  it('of a token is what the token was cancelled with', async () => {
    const { token, cancel } = axios.CancelToken.source();
    const { client } = clientOver(never);
    const outcome = errorOf(client.get(URL, { cancelToken: token }));
    await settled();
    cancel('changed my mind');
    expect(await outcome).toMatchObject({ message: 'changed my mind' });
    expect(await errorOf(client.get(URL, { cancelToken: token }))).toMatchObject({ message: 'changed my mind' });
  });
});

describe('a signal that many calls share', () => {
  it('has one listener, until the last of them is over, and aborts them all', async () => {
    const { controller, signal, listeners, added } = watched();
    const upstream = new FakeUpstream();
    upstream.does = 'hang';
    const { client } = clientOver(upstream.adapter);
    const calls = [1, 2, 3].map(() => client.get(URL, { signal }).catch((error) => error.code));
    await settled();
    expect(added).toHaveBeenCalledTimes(1);
    expect(listeners.size).toBe(1);
    upstream.held[1]?.answer(200);
    await settled();
    expect(listeners.size).toBe(1);
    controller.abort();
    expect(await Promise.all(calls)).toEqual(['ERR_CANCELED', expect.objectContaining({ status: 200 }), 'ERR_CANCELED']);
    expect(listeners.size).toBe(0);
  });

  it('is listened to again by calls that come after a pause', async () => {
    const { controller, signal, listeners } = watched();
    const upstream = new FakeUpstream();
    const { client } = clientOver(upstream.adapter);
    await client.get(URL, { signal });
    await settled();
    expect(listeners.size).toBe(0);
    upstream.does = 'hang';
    const outcome = errorOf(client.get(URL, { signal }));
    await settled();
    expect(listeners.size).toBe(1);
    controller.abort();
    expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
  });
});

describe('what an interceptor brings to abort by', () => {
  it.each(["the caller's", "the interceptor's"] as const)(
    'is listened to beside what the caller brought, each once: %s aborts',
    async (whose) => {
      const [own, late] = [watched(), watched()];
      const { token } = axios.CancelToken.source();
      const { client } = clientOver(never);
      client.interceptors.request.use((config) => Object.assign(config, { signal: late.signal }));
      const outcome = errorOf(client.get(URL, { signal: own.signal, cancelToken: token }));
      await settled();
      expect([own.listeners.size, late.listeners.size, listenersOf(token).length]).toEqual([1, 1, 1]);
      (whose === "the caller's" ? own : late).controller.abort();
      expect(await outcome).toMatchObject({ code: 'ERR_CANCELED' });
      expect([own.listeners.size, late.listeners.size, listenersOf(token).length]).toEqual([0, 0, 0]);
    },
  );
});

it('a signal that can only be looked at is looked at, and no more', async () => {
  const signal: GenericAbortSignal = { aborted: false };
  const { client } = clientOver(new FakeUpstream().adapter);
  expect((await client.get(URL, { signal })).status).toBe(200);
  expect(await errorOf(client.get(URL, { signal: { aborted: true } }))).toMatchObject({ code: 'ERR_CANCELED' });
});
