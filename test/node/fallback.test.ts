// The last good answer of a real upstream that dies, and what else stands in for it.
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import type { FallbackEvent, FallbackResponse } from '../../src/index';
import { isBreakerOpen } from '../../src/index';
import type { Upstream } from '../lab/types.mjs';
import { freePort } from '../setup/ports.mjs';
import { watchUnhandled } from './failures';
import { clients, rejection, until, upstreamOf } from './support';

const { client: make, close } = clients();
const unhandled = watchUnhandled();
let peer: Upstream;
let answers: number;

beforeEach(async () => {
  answers = 0;
  peer = await upstreamOf(
    ({ req, res }) => {
      answers++;
      res.writeHead(200, { 'Content-Type': 'application/json', ETag: `"${answers}"` });
      res.end(JSON.stringify({ answer: answers, user: req.headers.authorization ?? 'nobody' }));
    },
    {},
    { port: await freePort() },
  );
});
afterEach(async () => {
  await close();
  await peer.close();
});
afterAll(() => unhandled.none());

it('is served when the upstream is gone, with its age, also by an open breaker', async () => {
  const client = make({ fallback: { staleFor: 60_000 }, retry: { baseDelay: 5, retries: 1 }, breaker: {} });
  const events: FallbackEvent[] = [];
  client.on('fallback', (event) => events.push(event));
  const before = performance.now();
  const fresh = await client.get(peer.url);
  expect(fresh.data).toEqual({ answer: 1, user: 'nobody' });
  await peer.close();

  const stale = (await client.get(peer.url)) as FallbackResponse;
  expect(stale).toMatchObject({ status: 200, data: { answer: 1 }, fallback: 'stale' });
  expect(stale.headers.etag).toBe('"1"');
  expect(stale.age).toBeGreaterThanOrEqual(0);
  expect(stale.age).toBeLessThanOrEqual(performance.now() - before);
  expect(events).toMatchObject([{ kind: 'stale', code: 'ECONNREFUSED' }]);

  const release = client.breakers.open(`GET ${new URL(peer.url).origin}/`);
  expect(await client.get(peer.url)).toMatchObject({ data: { answer: 1 }, fallback: 'stale' });
  expect(events[1]?.code).toBe('EBREAKEROPEN');
  const error = await rejection(client.get(peer.url, { fallback: false }));
  expect(isBreakerOpen(error)).toBe(true);
  release();
});

it('comes after the retries, and makes way for the upstream when that is back', async () => {
  const client = make({ fallback: { staleFor: 60_000 }, retry: { baseDelay: 5, budget: false } });
  await client.get(peer.url);
  const { port } = peer;
  await peer.close();
  expect(await client.get(peer.url)).toMatchObject({ fallback: 'stale', data: { answer: 1 } });
  peer = await upstreamOf(({ res }) => res.end('back'), {}, { port });
  const response = await client.get(peer.url);
  expect(response.data).toBe('back');
  expect('fallback' in response).toBe(false);
});

it('leaves the place of what it stands in for to the next call: a stream', async () => {
  const failing = await upstreamOf(({ res }) => res.writeHead(503).end(Buffer.alloc(3_000_000)));
  const client = make({ fallback: { value: 'instead' }, limit: { concurrency: 1 } });
  const limited: unknown[] = [];
  client.on('limited', (event) => limited.push(event));
  for (let call = 0; call < 4; call++) expect((await client.get(failing.url, { responseType: 'stream' })).data).toBe('instead');
  expect(limited).toEqual([]);
  await failing.close();
});

it("is nobody else's", async () => {
  const client = make({ fallback: { staleFor: 60_000 } });
  const as = (user: string) => ({ headers: { Authorization: user } });
  await client.get(peer.url, as('ann'));
  await peer.close();
  expect((await client.get(peer.url, as('ann'))).data).toEqual({ answer: 1, user: 'ann' });
  for (const other of [as('bob'), {}]) expect(await rejection(client.get(peer.url, other))).toMatchObject({ code: 'ECONNREFUSED' });
});

it('is not for a 404, which is an answer', async () => {
  const client = make({ fallback: { staleFor: 60_000, value: 'a value' } });
  let status = 200;
  const changing = await upstreamOf(({ res }) => res.writeHead(status).end('x'));
  await client.get(changing.url);
  status = 404;
  expect(await rejection(client.get(changing.url))).toMatchObject({ response: { status: 404 } });
  status = 500;
  expect(await client.get(changing.url)).toMatchObject({ fallback: 'stale', data: 'x' });
  await changing.close();
});

it.each(['http', 'fetch'])("is not for a 404 that validateStatus throws at, by axios' %s adapter", async (adapter) => {
  const gone = await upstreamOf(({ res }) => res.writeHead(404).end('no'));
  const validateStatus = (): never => {
    throw new RangeError('gone for good');
  };
  const client = make({ adapter, validateStatus, fallback: { value: 'something' } });
  for (const responseType of ['json', 'stream'] as const)
    expect(await rejection(client.get(gone.url, { responseType }))).toMatchObject({ message: 'gone for good' });
  await gone.close();
});

it('becomes too old', async () => {
  const client = make({ fallback: { staleFor: 100, use: () => 'a function' } });
  await client.get(peer.url);
  const since = performance.now();
  await peer.close();
  await until(() => performance.now() - since > 110, 'the answer is too old');
  expect(await client.get(peer.url)).toMatchObject({ fallback: 'use', data: 'a function' });
});

it('stands in for an upstream that hangs, when the deadline is spent', async () => {
  const hanging = await upstreamOf(() => {});
  const client = make({ deadline: 200, fallback: { value: 'yesterday' } });
  const startedAt = performance.now();
  expect(await client.get(hanging.url)).toMatchObject({ data: 'yesterday', fallback: 'value' });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
  await hanging.closed();
  await hanging.close();
});

it('of a value is a response, which no response interceptor sees', async () => {
  const client = make({ fallback: { value: 'none' }, retry: false });
  client.interceptors.response.use(({ data }) => data);
  expect(await client.get(peer.url)).toEqual({ answer: 1, user: 'nobody' });
  await peer.close();
  expect(await client.get(peer.url)).toMatchObject({ data: 'none', fallback: 'value' });
});
