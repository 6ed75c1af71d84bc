// What is told of uploads and downloads under way is what stock axios tells, and rates hold as they do there.
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { AxiosProgressEvent } from 'axios';
import { describe, expect, it } from 'vitest';
import { type Answer, reply } from './parity-site';
import { type Config, type Log, type Observed, parity } from './parity-support';

const { same, url } = parity();

/** Everything of an event but what the clock decides. */
const listening = (log: Log, way: 'up' | 'down' | 'both'): Config => {
  const tell = (event: AxiosProgressEvent): void =>
    log(
      Object.keys(event)
        .sort()
        .filter((name) => name !== 'rate' && name !== 'estimated'),
      {
        ...event,
        ...('rate' in event && { rate: 'some' }),
        ...('estimated' in event && { estimated: 'some' }),
      },
    );
  return { ...(way !== 'down' && { onUploadProgress: tell }), ...(way !== 'up' && { onDownloadProgress: tell }) };
};

// How often the clock lets them through is chance; the last is the whole.
const shape = ({ log, ...rest }: Observed): unknown => {
  const told = (log as [names: string[], event: AxiosProgressEvent][]).map(([, event]) => event);
  const grows = told.every(({ loaded }, i) => i === 0 || loaded >= (told[i - 1]?.loaded ?? 0));
  const { bytes: _, rate: __, estimated: ___, ...last } = told.at(-1) ?? ({} as AxiosProgressEvent);
  return { ...rest, some: told.length > 0, grows, last, names: log[0] };
};

const BODIES: Record<string, () => unknown> = {
  'a string': () => 'x'.repeat(100),
  'a Buffer': () => Buffer.alloc(20_000, 'x'),
  'an object': () => ({ a: 1 }),
  'a Blob': () => new Blob(['x'.repeat(100)]),
  'a stream': () => Readable.from([Buffer.alloc(100, 'x')]),
  nothing: () => undefined,
};

describe('uploads', () => {
  it.each(Object.keys(BODIES))('of %s', async (name) => {
    const data = BODIES[name] as () => unknown;
    for (const maxRedirects of [0, 5]) {
      const { log } = await same([], (log) => ({ url: url(), method: 'post', data: data(), maxRedirects, ...listening(log, 'up') }));
      expect(log.length > 0).toBe(name !== 'nothing');
    }
    await same([], (log) => ({ url: url('/s', 'https'), method: 'put', data: data(), ...listening(log, 'up') }));
  });

  it('with a length that is told, and one that is wrong', async () => {
    const data = (): Readable => Readable.from([Buffer.alloc(100, 'x')]);
    await same([], (log) => ({ url: url(), method: 'post', data: data(), headers: { 'Content-Length': 100 }, ...listening(log, 'up') }));
  });

  it('in many pieces', async () => {
    for (const data of [
      () => Buffer.alloc(1_000_000, 'x'),
      () => Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(10_000, 'x'))),
    ]) {
      await same([], (log) => ({ url: url(), method: 'post', data: data(), ...listening(log, 'up') }), { alike: shape });
    }
  });

  it('that are refused', async () => {
    const { log } = await same([{ send: [reply({ status: 500 })] }], (log) => ({
      url: url(),
      method: 'post',
      data: 'x',
      ...listening(log, 'both'),
    }));
    expect(log).not.toEqual([]);
  });
});

describe('downloads', () => {
  const ANSWERS: Record<string, Answer> = {
    'with a length': { send: [reply({ body: 'x'.repeat(100) })] },
    'in chunks': { send: [reply({ body: 'x'.repeat(100), framing: 'chunked' })] },
    'to the end': { send: [reply({ body: 'x'.repeat(100), framing: 'close' })], ending: 'end' },
    compressed: { send: [reply({ body: gzipSync('x'.repeat(1_000)), headers: [['Content-Encoding', 'gzip']] })] },
    'of nothing': { send: [reply({})] },
    'that fail': { send: [reply({ status: 404, body: 'x'.repeat(100) })] },
    'of 204': { send: [reply({ status: 204, framing: 'none' })] },
  };

  it.each(Object.keys(ANSWERS))('%s', async (name) => {
    const answer = ANSWERS[name] as Answer;
    for (const responseType of [undefined, 'stream', 'arraybuffer', 'text']) {
      for (const maxRedirects of [0, 5]) {
        await same([answer], (log) => ({
          url: url(),
          maxRedirects,
          ...(responseType && { responseType: responseType as 'text' }),
          ...listening(log, 'down'),
        }));
      }
    }
    await same([answer], (log) => ({ url: url('/s', 'https'), decompress: false, ...listening(log, 'down') }));
  });

  it('in many pieces', async () => {
    const answer: Answer = { send: [reply({ body: Buffer.alloc(1_000_000, 'x') })] };
    await same([answer], (log) => ({ url: url(), responseType: 'arraybuffer', ...listening(log, 'down') }), { alike: shape });
  });

  it('that are cut', async () => {
    const answer: Answer = { send: [reply({ body: 'x'.repeat(100) }).subarray(0, -10), 3], ending: 'reset' };
    await same([answer], (log) => ({ url: url(), ...listening(log, 'down') }));
  });

  it('whose listener throws', async () => {
    const body = { send: [reply({ body: 'x' })] };
    const { outcome } = await same([body], () => ({ url: url(), onDownloadProgress: undefined as never, onUploadProgress: null as never }));
    expect(outcome.fulfilled.data).toBe('x');
  });
});

describe('rates', () => {
  const body = 'x'.repeat(30_000);
  it.each<[string, unknown]>([
    ['both', 200_000],
    ['of uploads', [200_000]],
    ['of downloads', [0, 200_000]],
    ['none', 0],
    ['no number', 'fast'],
    ['endless', Number.POSITIVE_INFINITY],
    ['too many', [200_000, 200_000, 1]],
  ])('%s', async (_, maxRate) => {
    const answer: Answer = { send: [reply({ body })] };
    await same([answer], () => ({ url: url(), maxRate: maxRate as never }));
    // In how many pieces the throttle lets an upload through is chance.
    const alike = ({ outcome, idle, connections }: Observed): unknown => [
      outcome,
      idle,
      connections.flat().map(({ head, body }) => [head, body]),
    ];
    await same([answer], () => ({ url: url(), method: 'post', data: body, maxRate: maxRate as never }), { alike });
    await same([answer], (log) => ({ url: url(), method: 'post', data: body, maxRate: maxRate as never, ...listening(log, 'both') }), {
      alike,
    });
  });
});
