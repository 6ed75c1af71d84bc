// The user's own abort in a page stays axios' CanceledError, and wins or loses against a timeout once.
import axios, { CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { isTimeout } from '../bare';
import { cleanly, clientWith, meet, sleep } from './support';

cleanly();

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => new Error(`expected a rejection, got ${value}`),
    (reason: unknown) => reason,
  );

describe('the user’s abort', () => {
  it.each(['fetch', 'xhr'])('before the headers, by %s: CanceledError, and the connection is closed', async (adapter) => {
    const peer = await meet('stall');
    const controller = new AbortController();
    const call = reasonOf(clientWith({ adapter, timeout: 5_000 }).get(peer.url, { signal: controller.signal }));
    while ((await peer.seen()).requests === 0) await sleep(20);
    controller.abort();
    const error = await call;
    expect(error).toBeInstanceOf(CanceledError);
    expect(error).toMatchObject({ code: 'ERR_CANCELED' });
    expect(isTimeout(error)).toBe(false);
    await peer.closed();
  });

  it.each(['fetch', 'xhr'])('in mid-body, by %s', async (adapter) => {
    const peer = await meet('body-drip');
    const controller = new AbortController();
    const call = reasonOf(clientWith({ adapter, timeout: 5_000 }).get(peer.url, { signal: controller.signal }));
    await sleep(200);
    controller.abort();
    expect(axios.isCancel(await call)).toBe(true);
    await peer.closed();
  });

  it('by cancelToken', async () => {
    const peer = await meet('stall');
    const source = axios.CancelToken.source();
    const call = reasonOf(clientWith().get(peer.url, { cancelToken: source.token }));
    await sleep(100);
    source.cancel('enough');
    expect(await call).toMatchObject({ code: 'ERR_CANCELED', message: 'enough' });
  });

  it('before the call: nothing is sent', async () => {
    const peer = await meet('healthy');
    const error = await reasonOf(clientWith().get(peer.url, { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(CanceledError);
    expect((await peer.seen()).requests).toBe(0);
  });

  it('of a stream that was handed out ends it with CanceledError', async () => {
    const peer = await meet('body-drip');
    const controller = new AbortController();
    const { data } = await clientWith().get<ReadableStream<Uint8Array>>(peer.url, { responseType: 'stream', signal: controller.signal });
    const reader = data.getReader();
    await reader.read();
    controller.abort();
    const error = await reasonOf(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    );
    expect(axios.isCancel(error)).toBe(true);
    await peer.closed();
  });

  it('shared by many calls ends those in progress, each once, and leaves no listener', async () => {
    const stalled = await meet('stall');
    const healthy = await meet('healthy');
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = countListeners(signal);
    const client = clientWith();
    const records: string[] = [];
    client.on('call', ({ outcome }) => records.push(outcome));
    for (let i = 0; i < 50; i++) await client.get(healthy.url, { signal });
    expect(listeners()).toBe(0);
    // Of one URL Chromium has only one request on the network at a time.
    const calls = ['/1', '/2', '/3'].map((path) => reasonOf(client.get(stalled.at(path), { signal })));
    while ((await stalled.seen()).requests < 3) await sleep(20);
    controller.abort();
    for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(CanceledError);
    expect(records.slice(50)).toEqual(['canceled', 'canceled', 'canceled']);
    expect(listeners()).toBe(0);
    await stalled.closed(3);
  });

  it.each([100, 190, 200, 205, 210, 300])('after %s ms against a limit of 200 ms: one of the two, once', async (ms) => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: 200 });
    const ends: string[] = [];
    client.on('attempt', ({ outcome }) => ends.push(outcome));
    client.on('timeout', () => ends.push('event'));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), ms);
    const error = await reasonOf(client.get(peer.url, { signal: controller.signal }));
    await sleep(200);
    expect(ends).toEqual(isTimeout(error) ? ['timeout', 'event'] : ['canceled']);
    if (!isTimeout(error)) expect(error).toBeInstanceOf(CanceledError);
    await peer.closed();
  });
});

/** How many abort listeners are on the signal, net. */
function countListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: EventListener): void => {
    listeners.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener): void => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return () => listeners.size;
}
