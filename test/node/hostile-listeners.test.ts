// Listeners that throw, reject, never return, take themselves off, add others, or change what they are given: no call is any different.
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient, type EventType } from '../../src/index';
import { watchUnhandled } from './failures';
import { type Peer, peer, watch } from './hostile-support';

const unhandled = watchUnhandled();
let server: Peer;
let client: Client;
let warn: ReturnType<typeof vi.spyOn>;
beforeEach(async () => {
  const flaky = (n: number) => (n % 3 ? '503 Unavailable' : '200 OK');
  let requests = 0;
  server = await peer(
    (socket) => void socket.write(`HTTP/1.1 ${flaky(1)}\r\nContent-Length: 4\r\n\r\ngood`),
    (socket) => void socket.write(`HTTP/1.1 ${flaky(++requests + 1)}\r\nContent-Length: 4\r\n\r\ngood`),
  );
  client = createClient({ proxy: false, retry: { baseDelay: 1, budget: false }, breaker: { minCalls: 1_000, burst: false } });
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
  await server.close();
});
afterAll(() => unhandled.none());

const TYPES: (EventType | '*')[] = ['attempt', 'call', 'retry', 'timeout', 'breaker', '*'];

/** Each call needs three attempts. */
async function expectAllWell(calls = 3): Promise<void> {
  const told = watch(client);
  const before = server.heads.length;
  for (let i = 0; i < calls; i++) expect((await client.get(server.url)).data).toBe('good');
  expect(server.heads.length - before).toBe(3 * calls);
  expect({ attempts: told.attempts.length, calls: told.calls.length }).toEqual({ attempts: 3 * calls, calls });
}

const HOSTILE: [string, (...args: unknown[]) => unknown, warnings: boolean][] = [
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    true,
  ],
  [
    'throws nothing at all',
    () => {
      throw undefined;
    },
    true,
  ],
  [
    'throws something that cannot be shown',
    () => {
      throw { toString: null, [Symbol.toPrimitive]: null };
    },
    true,
  ],
  ['rejects', () => Promise.reject(new Error('broken')), true],
  ['rejects later', () => new Promise((_, reject) => setTimeout(reject, 5, new Error('broken'))), true],
  ['never returns', () => new Promise(() => {}), false],
  [
    'returns an object whose then throws',
    () =>
      Object.defineProperty({}, 'then', {
        get() {
          throw new Error('broken');
        },
      }),
    false,
  ],
];

describe.each(HOSTILE)('a listener that %s', (_, handler, warns) => {
  it.each(TYPES)('to %s changes nothing, and is told of once', async (type) => {
    client.on(type, handler as () => void);
    await expectAllWell();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const isHeard = type !== 'timeout' && type !== 'breaker';
    expect(warn).toHaveBeenCalledTimes(warns && isHeard ? 1 : 0);
  });
});

it('a console that throws as well changes nothing', async () => {
  warn.mockImplementation(() => {
    throw new Error('no console');
  });
  client.on('*', () => {
    throw new Error('broken');
  });
  await expectAllWell();
  expect(warn).toHaveBeenCalled();
});

it('a listener that takes itself off is heard once, and the others go on', async () => {
  const once = vi.fn(() => stop());
  const stop = client.on('attempt', once);
  await expectAllWell();
  expect(once).toHaveBeenCalledOnce();
});

it('a listener that adds listeners does not hear them in the same event', async () => {
  let heard = 0;
  const add = (): void => {
    heard++;
    if (heard < 100) client.on('call', () => add()); // heard at once, each would add another
  };
  client.on('call', add);
  await expectAllWell(1);
  expect(heard).toBe(1);
  await expectAllWell(1);
  expect(heard).toBe(3);
});

it('a listener that closes, disables, resets and calls again in its event changes nothing of that call', async () => {
  const again: Promise<unknown>[] = [];
  const stop = client.on('call', () => {
    stop();
    client.disable();
    client.enable();
    client.breakers.reset();
    again.push(client.get(server.url));
    void client.close();
  });
  expect((await client.get(server.url)).data).toBe('good');
  await Promise.allSettled(again);
  expect(again).toHaveLength(1);
});

it('what a listener does to its record, no other listener of statistics sees', async () => {
  client.on('attempt', (record) => {
    for (const key of Object.keys(record)) delete (record as unknown as Record<string, unknown>)[key];
  });
  await client.get(server.url);
  expect(client.stats.list()).toEqual([expect.objectContaining({ attempts: 3, calls: 1 })]);
});
