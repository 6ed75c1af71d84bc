// The channel inside a page: what it listens to, what it calls, and what becomes of a fetch that is somebody else's.
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { type BeaconEvent, type Client, type ClientConfig, createClient } from '../../src/index';
import { meet } from './support';

const lab = inject('lab');
const healthy = lab.healthy ?? '';
const stall = lab.stall ?? '';

const clients: Client[] = [];
const unhandled: unknown[] = [];
window.addEventListener('unhandledrejection', ({ reason }) => unhandled.push(reason));

function client(config: ClientConfig = {}): Client {
  const api = createClient({ retry: false, ...config });
  clients.push(api);
  return api;
}

/** The page as the browser hides it, shows it, or leaves it. */
function turn(state: DocumentVisibilityState): void {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}
const leave = (): void => void window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
const back = (): void => void window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));

afterEach(async () => {
  await Promise.all(clients.splice(0).map((api) => api.close()));
  vi.restoreAllMocks();
  expect(unhandled).toEqual([]);
});

describe('a page that is seen', () => {
  it('sends by a plain fetch, and by nothing that outlives it', async () => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon')];
    const api = client({ baseURL: healthy });
    expect(api.beacon('/c', { a: 1 })).toBe(true);
    expect(await api.beacons.flush(3_000)).toBe(true);
    expect(api.beacons.stats()).toEqual({ queued: 0, bytes: 0, inFlight: 0, sent: 1, dropped: {} });
    expect(fetch).toHaveBeenCalledOnce();
    expect(fetch.mock.calls[0]?.[1]?.keepalive).toBeFalsy();
    expect(sendBeacon).not.toHaveBeenCalled();
  });

  // Firefox and WebKit end a plain fetch when a link is followed: such a beacon arrived nowhere.
  it('sends after a click, which may leave it, by a fetch that outlives it, within the quota', async () => {
    vi.spyOn(navigator.userActivation, 'isActive', 'get').mockReturnValue(true);
    const fetch = vi.spyOn(window, 'fetch');
    const inChromium = client({ baseURL: healthy });
    inChromium.beacon('/c', 'x');
    expect(await inChromium.beacons.flush(3_000)).toBe(true);
    expect(fetch.mock.calls.map(([, init]) => Boolean(init?.keepalive))).toEqual([false]);
    vi.spyOn(navigator as unknown as { userAgentData: unknown }, 'userAgentData', 'get').mockReturnValue(undefined);
    const api = client({ baseURL: healthy });
    for (let round = 0; round < 2; round++) {
      fetch.mockClear();
      for (const size of [40_000, 30_000]) api.beacon('/c', 'x'.repeat(size));
      expect(await api.beacons.flush(3_000)).toBe(true);
      expect(fetch.mock.calls.map(([, init]) => Boolean(init?.keepalive))).toEqual([true, false]);
    }
    expect(api.beacons.stats()).toMatchObject({ sent: 4, dropped: {} });
    // Whose connection no abort closes: of those that hang there are only a few.
    const hanging = client({ baseURL: stall, beacons: { timeout: 100 } });
    fetch.mockClear();
    for (let i = 0; i < 2; i++) {
      hanging.beacon('/c', 'x');
      await expect.poll(() => hanging.beacons.stats().dropped).toEqual({ timeout: i + 1 });
    }
    expect(fetch.mock.calls.map(([, init]) => Boolean(init?.keepalive))).toEqual([true, false]);
  });

  it('needs no Blob of bytes, which React Native does not make, and no preflight', async () => {
    const peer = await meet('healthy');
    vi.stubGlobal('Blob', () => {
      throw new Error("Creating blobs from 'ArrayBuffer' and 'ArrayBufferView' are not supported");
    });
    const fetch = vi.spyOn(window, 'fetch');
    const api = client();
    try {
      api.beacon(peer.at('/c'), { a: 1 });
      expect(await api.beacons.flush(3_000)).toBe(true);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(api.beacons.stats()).toMatchObject({ sent: 1, dropped: {} });
    expect(new Headers(fetch.mock.calls[0]?.[1]?.headers).get('Content-Type')).toBe('text/plain;charset=UTF-8');
    expect(await peer.seen()).toMatchObject({ requests: 1, preflights: 0 });
  });

  it('does not take its own address for that of a beacon that has none', async () => {
    const api = client();
    const nextUrl = (): Promise<string> => new Promise((resolve) => api.on('beacon', ({ url }) => resolve(url)));
    api.beacon('ftp://a.test/c');
    expect(await nextUrl()).toBe('ftp://a.test/c');
    api.beacon(undefined as unknown as string);
    expect(await nextUrl()).toBe('');
  });

  it('takes a URL that is relative to itself', async () => {
    const fetch = vi.spyOn(window, 'fetch').mockImplementation(async () => new Response());
    const api = client();
    expect(api.beacon('/c?x')).toBe(true);
    await api.beacons.flush();
    expect(fetch.mock.calls[0]?.[0]).toBe(`${location.origin}/c?x`);
  });

  it.each<[string, unknown]>([
    ['a Blob', new Blob(['x'])],
    ['a FormData', new FormData()],
    ['a document', document],
    ['the window', window],
    ['a BigInt', 1n],
    ['a function', () => {}],
  ])('refuses %s, or sends it, but throws nothing', async (_, data) => {
    vi.spyOn(window, 'fetch').mockImplementation(async () => new Response());
    const api = client({ baseURL: healthy });
    const accepted = api.beacon('/c', data);
    expect(accepted).toBeTypeOf('boolean');
    await api.beacons.flush();
    const { sent, dropped } = api.beacons.stats();
    expect(accepted ? sent : dropped.serialize_error).toBe(1);
  });
});

it('an answer is read to its end, and none of it is kept: it may be a gigabyte', async () => {
  const kept = (['arrayBuffer', 'blob', 'text'] as const).map((name) => vi.spyOn(Response.prototype, name));
  let left = 20;
  const body = new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(65_536)) : controller.close()),
  });
  vi.spyOn(window, 'fetch').mockResolvedValue(new Response(body));
  const api = client();
  expect(api.beacon('/c', 1)).toBe(true);
  expect(await api.beacons.flush(3_000)).toBe(true);
  expect(api.beacons.stats()).toMatchObject({ sent: 1, inFlight: 0, dropped: {} });
  expect(left).toBe(-1);
  for (const whole of kept) expect(whole).not.toHaveBeenCalled();
});

describe('a fetch that is somebody else’s', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('patched');
      },
    ],
    ['is nothing', () => undefined],
    ['rejects', () => Promise.reject(new Error('patched'))],
    ['gives something that is no response', async () => ({})],
  ])('and %s is a network error', async (_, patched) => {
    vi.spyOn(window, 'fetch').mockImplementation(patched as typeof fetch);
    const api = client();
    const events: BeaconEvent[] = [];
    api.on('beacon', (event) => events.push(event));
    expect(api.beacon('/c', 1)).toBe(true);
    expect(await api.beacons.flush(2_000)).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ sent: 0, inFlight: 0 });
    await vi.waitFor(() => expect(events.length).toBe(1), 3_000);
    expect(events[0]?.reason).toMatch(/network_error|rejected/);
  });

  it('and has a Node stream as the body, as that of node-fetch, is not left with its connection', async () => {
    const destroy = vi.fn();
    const body = { destroy, on: () => {}, once: () => {} };
    vi.spyOn(window, 'fetch').mockResolvedValue({ ok: true, status: 200, headers: new Headers(), body } as unknown as Response);
    const api = client();
    expect(api.beacon('/c', 1)).toBe(true);
    expect(await api.beacons.flush(2_000)).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ sent: 1, inFlight: 0, dropped: {} });
    expect(destroy).toHaveBeenCalled();
  });

  it('and never settles, whatever is aborted, is a timeout all the same', async () => {
    vi.spyOn(window, 'fetch').mockImplementation(() => new Promise(() => {}));
    const api = client({ beacons: { timeout: 100 } });
    for (let i = 0; i < 5; i++) api.beacon('/c', i);
    expect(await api.beacons.flush(3_000)).toBe(true);
    const { timeout = 0, circuit_open = 0 } = api.beacons.stats().dropped;
    expect(timeout).toBeGreaterThanOrEqual(3);
    expect(timeout + circuit_open).toBe(5);
  });
});

describe('a collector that hangs', () => {
  it('is told of as timeouts, and touches nothing else of the client', async () => {
    const api = client({ beacons: { timeout: 200 }, breaker: { minCalls: 1 } });
    const seen = new Set<string>();
    api.on('*', (type) => seen.add(type));
    for (let i = 0; i < 20; i++) api.beacon(`${stall}?${i}`, i);
    const start = performance.now();
    await api.get(healthy);
    expect(performance.now() - start).toBeLessThan(1_500);
    await vi.waitFor(() => expect(api.beacons.stats().dropped.circuit_open).toBeGreaterThan(0), 5_000);
    expect(await api.beacons.flush(3_000)).toBe(true);
    await vi.waitFor(() => expect(seen.has('beacon')).toBe(true), 3_000);
    expect([...seen].sort()).toEqual(['attempt', 'beacon', 'call']);
    expect(api.breakers.list().filter(({ state }) => state !== 'closed')).toEqual([]);
  });
});

describe('a page that goes away', () => {
  it.each([['hidden'], ['left']])('and is %s hands over by sendBeacon, each once', async (how) => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon')];
    const api = client();
    api.beacon('/a', 'one');
    for (let i = 0; i < 5; i++) api.beacon('/b', i, { batch: true });
    if (how === 'hidden') turn('hidden');
    else leave();
    turn('hidden');
    expect(api.beacons.stats()).toMatchObject({ queued: 0, sent: 6 });
    expect(await Promise.all(sendBeacon.mock.calls.map(([, body]) => (body as Blob).text()))).toEqual(['one', '[0,1,2,3,4]']);
    expect(sendBeacon.mock.calls.map(([, body]) => (body as Blob).type)).toEqual(['text/plain;charset=utf-8', 'text/plain;charset=utf-8']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(fetch).not.toHaveBeenCalled();
  });

  it('does nothing on a visibilitychange to visible', () => {
    const sendBeacon = vi.spyOn(navigator, 'sendBeacon');
    const api = client();
    api.beacon('/a', 1);
    turn('visible');
    expect(sendBeacon).not.toHaveBeenCalled();
    expect(api.beacons.stats().queued).toBe(1);
  });

  it('hands over by a keepalive fetch what is for another origin, to which sendBeacon would take the cookies', async () => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon')];
    const api = client({ baseURL: healthy });
    api.beacon('/a', 1);
    api.beacon('/b', {}, { contentType: 'application/json' });
    leave();
    expect(fetch.mock.calls.map(([, init]) => init?.keepalive)).toEqual([true, true]);
    for (const [, init] of fetch.mock.calls) expect(init).not.toHaveProperty('credentials');
    expect(sendBeacon).not.toHaveBeenCalled();
    expect(api.beacons.stats().sent).toBe(2);
  });

  it('does so in a sandboxed frame, for which the origin of its own URL is another', () => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true)];
    vi.stubGlobal('origin', 'null');
    client().beacon('/a', 1);
    leave();
    vi.unstubAllGlobals();
    expect([fetch.mock.calls.length, sendBeacon.mock.calls.length]).toEqual([1, 0]);
  });

  it('does so where the page has the other origin in a variable named origin', () => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true)];
    vi.stubGlobal('origin', new URL(healthy).origin);
    client({ baseURL: healthy }).beacon('/a', 1);
    leave();
    vi.unstubAllGlobals();
    expect([fetch.mock.calls.length, sendBeacon.mock.calls.length]).toEqual([1, 0]);
  });

  it('lets go of the answers to those: a body that never ends keeps no connection', async () => {
    const peer = await meet('body-stall');
    const api = client({ baseURL: peer.url });
    for (let i = 0; i < 3; i++) {
      api.beacon('/', i);
      leave();
    }
    await peer.closed(3);
  });

  it('counts what went by sendBeacon for 30 s, as nobody tells of its end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true);
    vi.spyOn(window, 'fetch').mockResolvedValue(new Response());
    try {
      const [own, other] = [client(), client({ baseURL: healthy })];
      const leaveWith = (api: Client, size: number): unknown => {
        api.beacon('/a', 'x'.repeat(size));
        leave();
        back();
        return api.beacons.stats();
      };
      expect(leaveWith(own, 50_000)).toMatchObject({ sent: 1 });
      expect(leaveWith(other, 20_000)).toMatchObject({ sent: 0, dropped: { quota_exceeded: 1 } });
      await vi.advanceTimersByTimeAsync(29_990);
      expect(leaveWith(other, 20_000)).toMatchObject({ sent: 0, dropped: { quota_exceeded: 2 } });
      await vi.advanceTimersByTimeAsync(10);
      expect(leaveWith(other, 20_000)).toMatchObject({ sent: 1, dropped: { quota_exceeded: 2 } });
    } finally {
      vi.useRealTimers();
    }
  });

  it('counts as lost, not as sent, what fails while it is still there', async () => {
    vi.spyOn(window, 'fetch').mockRejectedValue(new TypeError('Failed to fetch'));
    const api = client({ baseURL: healthy });
    for (let i = 0; i < 3; i++) api.beacon('/a', i, { batch: true });
    api.beacon('/b', 'x'.repeat(50_000));
    leave();
    expect(api.beacons.stats()).toMatchObject({ queued: 0, sent: 4 });
    await vi.waitFor(() => expect(api.beacons.stats()).toMatchObject({ sent: 0, dropped: { network_error: 4 } }));
    api.beacon('/b', 'x'.repeat(50_000));
    leave();
    expect(api.beacons.stats()).toMatchObject({ sent: 1 }); // what failed takes no room
  });

  it('hands over by a keepalive fetch what has headers, and all where there is no sendBeacon', async () => {
    const fetch = vi.spyOn(window, 'fetch');
    const api = client();
    api.beacon('/a', 1, { headers: { 'x-key': 'k' } });
    Object.defineProperty(navigator, 'sendBeacon', { configurable: true, value: undefined });
    try {
      api.beacon('/b', 2);
      leave();
    } finally {
      Reflect.deleteProperty(navigator, 'sendBeacon');
    }
    expect(fetch.mock.calls.map(([, init]) => init?.keepalive)).toEqual([true, true]);
    expect(api.beacons.stats().sent).toBe(2);
  });

  it('drops what sendBeacon refuses, or throws at, when it leaves; keeps it while it is only hidden', () => {
    const sendBeacon = vi.spyOn(navigator, 'sendBeacon').mockReturnValueOnce(false);
    const api = client();
    api.beacon('/a', 1);
    turn('hidden');
    expect(api.beacons.stats()).toMatchObject({ queued: 1, dropped: {} });
    sendBeacon.mockImplementation(() => {
      throw new Error('patched');
    });
    leave();
    expect(api.beacons.stats()).toMatchObject({ queued: 0, dropped: { quota_exceeded: 1 } });
  });

  it('and stays hidden sends as usual again, with a timeout', async () => {
    const [fetch, sendBeacon] = [vi.spyOn(window, 'fetch'), vi.spyOn(navigator, 'sendBeacon')];
    const api = client();
    api.beacon('/a', 1);
    turn('hidden');
    await new Promise((resolve) => setTimeout(resolve, 50));
    api.beacon('/a', 2);
    expect(await api.beacons.flush(3_000)).toBe(true);
    expect([sendBeacon.mock.calls.length, fetch.mock.calls.length]).toEqual([1, 1]);
  });

  it('and comes back goes on', async () => {
    const api = client({ baseURL: healthy });
    api.beacon('/a', 1);
    leave();
    back();
    const fetch = vi.spyOn(window, 'fetch');
    api.beacon('/a', 2);
    expect(await api.beacons.flush(3_000)).toBe(true);
    expect(fetch).toHaveBeenCalledOnce();
    expect(api.beacons.stats().sent).toBe(2);
  });
});

describe('listeners', () => {
  it('come with the first beacon, never on unload, and go with close()', async () => {
    const heard: string[] = [];
    const record = (target: EventTarget, name: 'addEventListener' | 'removeEventListener', sign: string): void => {
      vi.spyOn(target, name).mockImplementation((type: string) => void heard.push(sign + type));
    };
    for (const target of [document, window]) {
      record(target, 'addEventListener', '+');
      record(target, 'removeEventListener', '-');
    }
    const api = client({ baseURL: healthy });
    expect(heard).toEqual([]);
    api.beacon('/a', 1);
    api.beacon('/a', 2);
    expect(heard.sort()).toEqual(['+pagehide', '+pageshow', '+visibilitychange']);
    heard.length = 0;
    await api.close();
    await api.close();
    expect(heard.sort()).toEqual(['-pagehide', '-pageshow', '-visibilitychange']);
  });

  it('of a closed client send nothing', async () => {
    const sendBeacon = vi.spyOn(navigator, 'sendBeacon');
    const api = client({ baseURL: healthy });
    api.beacon('/a', 1);
    await api.close();
    leave();
    expect(sendBeacon).not.toHaveBeenCalled();
    expect(api.beacons.stats().dropped).toEqual({ already_shutdown: 1 });
  });

  it('and what is on its way end with close()', async () => {
    const signals: (AbortSignal | null | undefined)[] = [];
    const original = window.fetch;
    vi.spyOn(window, 'fetch').mockImplementation((input, init) => {
      signals.push(init?.signal);
      return original(input, init);
    });
    const api = client();
    api.beacon(stall, 1);
    await vi.waitFor(() => expect(signals.length).toBe(1));
    await api.close();
    expect(signals[0]?.aborted).toBe(true);
    expect(api.beacons.stats()).toMatchObject({ inFlight: 0, dropped: { already_shutdown: 1 } });
  });
});
