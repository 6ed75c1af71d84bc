// beacon() with anything: it answers true or false, throws never, stays within its bounds, and works on.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClient } from '../../src/index';
import { quietly } from '../../src/util/quietly';
import { runs } from '../setup/sample';
import { A, settle, setUp, textOf } from './beacon-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMEOUT = 60_000;
const MAX_ITEMS = 5;
const MAX_BYTES = 500;

const fail = (): never => {
  throw new Error('hostile');
};
const hostile = (): unknown[] => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]));
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const detached = new ArrayBuffer(8);
  const view = new Uint8Array(detached);
  structuredClone(detached, { transfer: [detached] });
  return [
    circle,
    new Proxy({}, traps),
    new Proxy(() => {}, traps),
    new Proxy([], traps),
    revoked,
    detached,
    view,
    Object.defineProperty({}, 'x', { get: fail, enumerable: true }),
    Object.defineProperty({}, Symbol.toStringTag, { get: fail }),
    { toJSON: fail },
    { toJSON: () => circle },
    { toJSON: () => undefined },
    { toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
    { length: -1, [Symbol.iterator]: fail },
    { [Symbol.toStringTag]: 'ArrayBuffer' },
    { [Symbol.toStringTag]: 'URLSearchParams', toString: fail },
    Object.setPrototypeOf({}, new Proxy({}, traps)),
    new Proxy(new URLSearchParams('a=b'), {}),
    Object.create(null),
    JSON.parse('{"__proto__": {"batch": true}}'),
    'x'.repeat(100_000),
    '\ud800',
    new Blob(['x']),
    new FormData(),
    new DataView(new ArrayBuffer(3)),
    new SharedArrayBuffer(4),
    Promise.resolve(),
    new WeakMap(),
    Symbol('s'),
    10n,
  ];
};
const ODD = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true });
// By number: fast-check looks into its values, and these do not let anybody.
const odd = fc.oneof(
  ODD.map((value) => () => value),
  fc.nat(hostile().length - 1).map((which) => () => hostile()[which]),
);
const options = fc.oneof(
  odd,
  fc
    .record(
      {
        contentType: odd,
        headers: fc.oneof(
          odd,
          fc.dictionary(fc.string(), fc.string()).map((value) => () => value),
        ),
        batch: fc.oneof(
          odd,
          fc.record({ size: odd, bytes: odd, interval: odd, format: odd }).map((lazy) => () => forced(lazy)),
        ),
      },
      { requiredKeys: [] },
    )
    .map((lazy) => () => forced(lazy)),
);
const forced = (lazy: Record<string, () => unknown>): unknown =>
  Object.fromEntries(Object.entries(lazy).map(([name, make]) => [name, make()]));
const url = fc.oneof(
  fc.constantFrom(A, 'http://b.test/', 'https://c.test', '/relative', 'ftp://x', 'http://', 'javascript:1').map((value) => () => value),
  odd,
);

it(
  'is accepted or dropped, counted once, and harms nothing',
  async () => {
    const seen = { accepted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(url, odd, options), { size: 'max', maxLength: 12 }), async (beacons) => {
        const { channel, requests, answerAll } = setUp({ maxItems: MAX_ITEMS, maxBytes: MAX_BYTES });
        for (const [url, data, options] of beacons) {
          const accepted = channel.accept(url() as string, {}, data(), options() as object);
          expect(typeof accepted).toBe('boolean');
          seen[accepted ? 'accepted' : 'refused']++;
          const { queued, bytes } = channel.stats();
          expect(queued).toBeLessThanOrEqual(MAX_ITEMS);
          expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
        }
        channel.flush(10);
        await settle();
        await answerAll();
        expect(channel.accept(A, {}, 'the last', {})).toBe(true);
        channel.flush(10);
        await settle();
        await answerAll();
        expect(requests.map(({ item }) => textOf(item))).toContain('the last');

        const { queued, bytes, sent, inFlight, dropped } = channel.stats();
        const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
        expect({ queued, bytes, inFlight, all: sent + lost }).toEqual({ queued: 0, bytes: 0, inFlight: 0, all: beacons.length + 1 });
        channel.close();
        vi.clearAllTimers();
      }),
      { numRuns: runs(300) },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(runs(20));
  },
  TIMEOUT,
);

it('of a client takes anything, too', async () => {
  const client = createClient({ beacons: { timeout: 1 } });
  await fc.assert(
    fc.asyncProperty(odd, odd, odd, odd, async (url, data, options, baseURL) => {
      client.defaults.baseURL = baseURL() as string;
      const before = Object.values(client.beacons.stats().dropped).reduce((sum, count) => sum + count, 0);
      expect(client.beacon(url() as string, data(), options() as object)).toBe(false); // none of these is a URL
      expect(Object.values(client.beacons.stats().dropped).reduce((sum, count) => sum + count, 0)).toBe(before + 1);
    }),
    { numRuns: runs(500) },
  );
  await client.close();
});

it.each([Infinity, 2 ** 31, Number.MAX_VALUE])('a limit of %d ms is no limit that runs out at once', (ms) => {
  const run = vi.fn();
  const cancel = quietly(ms, run);
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});
