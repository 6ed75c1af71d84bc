// What calls leave on what they share: on a signal, on a token, and in memory.
import { getEventListeners } from 'node:events';
import axios from 'axios';
import { afterAll, beforeAll, expect } from 'vitest';
import { createClient } from '../bare';
import { startLab } from '../lab/index.mjs';
import type { Lab } from '../lab/types.mjs';
import { failureOf, watchUnhandled } from './failures';
import { runScript } from './script';

/** A lab for the tests of a file; after them nobody was warned of too many listeners, and no rejection went unhandled. */
export function watchedLab(only: string[]): () => Lab {
  let lab: Lab;
  const unhandled = watchUnhandled();
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  beforeAll(async () => {
    process.on('warning', onWarning);
    lab = await startLab({ only });
  });
  afterAll(async () => {
    await lab.close();
    await unhandled.none();
    process.off('warning', onWarning);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });
  return () => lab;
}

/** Lets agents take their sockets back. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

export async function many(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    for (let i = worker; i < count; i += 4) await call(i);
  });
  await Promise.all(workers);
}

const answer = { data: 'x', status: 200, statusText: 'OK', headers: {} };
const answering = () => createClient({ proxy: false, adapter: async (config) => ({ ...answer, config }) });

/** So many calls that reach nobody, 1 000 that reach an upstream, and some that end in other ways. */
export async function shareSignal(lab: Lab, count: number): Promise<void> {
  const { signal } = new AbortController();
  const client = answering();
  await many(count, () => client.get('http://nowhere.test/', { signal }));
  const real = createClient({ proxy: false });
  await many(1_000, () => real.get(lab.url('healthy'), { signal }));
  await failureOf(() => real.get(lab.url('stall'), { signal, timeout: { read: 50 } }));
  await failureOf(() => real.get(lab.url('stall'), { signal, deadline: 50 }));
  const { data } = await real.get(lab.url('healthy', '/bytes/100000'), { signal, responseType: 'stream' });
  for await (const _chunk of data);
  await settled();
  await Promise.all([client.close(), real.close()]);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
}

export async function shareToken(lab: Lab, count: number): Promise<void> {
  const { token } = axios.CancelToken.source();
  const client = answering();
  await many(count, () => client.get('http://nowhere.test/', { cancelToken: token }));
  const real = createClient({ proxy: false });
  await many(1_000, () => real.get(lab.url('healthy'), { cancelToken: token }));
  await failureOf(() => real.get(lab.url('stall'), { cancelToken: token, timeout: { read: 50 } }));
  await settled();
  await Promise.all([client.close(), real.close()]);
  expect((token as unknown as { _listeners?: unknown[] })._listeners ?? []).toHaveLength(0);
}

/** So many calls, after 2 000 others, in a process of their own. */
export async function retainNothing(lab: Lab, adapter: string, count: number): Promise<void> {
  const script = `
    const api = createClient({ proxy: false, adapter: '${adapter}' });
    api.on('call', () => {});
    const { signal } = new AbortController();
    const { token } = axios.CancelToken.source();
    let kept = [];
    const batch = async (count) => {
      const work = async () => {
        for (let i = 0; i < count / 10; i++) {
          const response = await api.get(url, { signal, cancelToken: token });
          if (i % 100 === 0) kept.push(new WeakRef(response));
        }
      };
      await Promise.all(Array.from({ length: 10 }, work));
    };
    const heap = async () => {
      for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
      return process.memoryUsage().heapUsed;
    };
    await batch(2000);
    const before = await heap();
    kept = [];
    await batch(${count});
    const after = await heap();
    console.log(JSON.stringify({ grown: after - before, kept: kept.length, alive: kept.filter((ref) => ref.deref()).length }));
    await api.close();`;
  const { code, stdout, stderr } = await runScript(script, lab.url('healthy'), ['--expose-gc']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { grown, kept, alive } = JSON.parse(stdout);
  expect(kept).toBe(count / 100);
  expect(alive).toBeLessThanOrEqual(2); // the latest may still be referred to by a socket
  expect(grown).toBeLessThan(2_000_000); // of 8 000 calls 250 bytes each, of 2 000 a thousand; a retained call is some thousands
}
