// Very many calls that end at once: their callers are told first, connections are closed a moment later, and nothing comes of what arrives meanwhile.
import type { ClientRequest, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, until, upstreamOf } from './support';

const CALLS = 40;

let lab: Lab;
let upstream: Upstream;
/** Requests that have not been answered. */
const held: ServerResponse[] = [];
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['tls-silence'] });
  upstream = await upstreamOf(({ res, url }) => void (url.pathname === '/hangs' ? held.push(res) : res.end('ok')));
});
afterEach(async () => {
  await close();
  held.length = 0;
  upstream.reset();
});
afterAll(() => Promise.all([lab.close(), upstream.close()]));

const isDestroyed = (error: unknown): boolean => (error as { request: ClientRequest }).request.destroyed;

/** Ends calls in one go, with no time going by, and gives what they failed with before another turn of the event loop. */
async function endAtOnce(calls: Promise<unknown>[], end: () => void): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const call of calls) call.catch((error) => errors.push(error));
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  end();
  await new Promise(process.nextTick);
  clock.mockRestore();
  return errors;
}

it.each([
  { what: 'an answer', status: 200, headers: {} },
  { what: 'a redirect', status: 302, headers: { Location: '/moved' } },
  { what: 'a status that would be repeated', status: 503, headers: { 'Retry-After': '0' } },
])('$what that arrives before the connection is closed is heard by nobody', async ({ status, headers }) => {
  const api = client({ retry: { retries: 2, baseDelay: 1 } });
  const records = attemptsOf(api);
  const progress = vi.fn();
  const transform = vi.fn();
  const controller = new AbortController();
  const options = { signal: controller.signal, transformResponse: transform, beforeRedirect: progress };
  const calls = Array.from({ length: CALLS }, () => api.get(`${upstream.url}hangs`, options));
  await until(() => held.length === CALLS, 'all are held');
  for (const res of held) res.writeHead(status, headers).write('late'); // not its end: from Node 26 on, the connection of a whole answer is free
  const errors = await endAtOnce(calls, () => controller.abort());
  expect(errors).toHaveLength(CALLS);
  expect(errors.every((error) => (error as { code: string }).code === 'ERR_CANCELED')).toBe(true);
  expect(errors.filter(isDestroyed)).toHaveLength(8);
  await upstream.closed(CALLS);
  expect(errors.filter(isDestroyed)).toHaveLength(CALLS);
  expect(upstream.requests).toBe(CALLS);
  expect(records.map(({ outcome }) => outcome)).toEqual(Array(CALLS).fill('canceled'));
  expect([transform, progress].flatMap(({ mock }) => mock.calls)).toEqual([]);
  expect((await api.get(upstream.url)).data).toBe('ok');
  expect(upstream.connections).toBe(CALLS + 1);
});

it('what has not been sent is stopped on the spot, so that it never will be', async () => {
  const api = client({ retry: false });
  const controller = new AbortController();
  const calls = Array.from({ length: CALLS }, () => api.get(lab.url('tls-silence'), { signal: controller.signal }));
  await until(() => lab.upstream('tls-silence').connections === CALLS, 'all are being connected');
  const errors = await endAtOnce(calls, () => controller.abort());
  expect(errors.filter(isDestroyed)).toHaveLength(CALLS);
  await lab.upstream('tls-silence').closed(CALLS);
});

it('a body that is being read ends on the spot, with its error', async () => {
  const api = client({ retry: false });
  const controller = new AbortController();
  const calls = Array.from({ length: CALLS }, () => api.get(`${upstream.url}hangs`, { signal: controller.signal, responseType: 'stream' }));
  await until(() => held.length === CALLS, 'all are held');
  for (const res of held) res.write('half');
  const streams = (await Promise.all(calls)).map(({ data }) => data);
  const ends = streams.map((stream) => new Promise((_, reject) => stream.resume().once('error', reject)));
  const errors = await endAtOnce(ends, () => controller.abort());
  expect(errors).toHaveLength(CALLS);
});
