// Answers that nobody gets: of a retried attempt, of a call that a fallback answered, of an upload that was refused early. None keeps its connection.
import { Agent } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ClientConfig } from '../../src';
import { createClient } from '../../src';
import { startLab } from '../lab/index.mjs';
import type { Upstream } from '../lab/types.mjs';
import { until, upstreamOf } from './support';

let upstream: Upstream;
let lab: Awaited<ReturnType<typeof startLab>>;
let agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  lab = await startLab({ only: ['early-413', 'http2-healthy'] });
  upstream = await upstreamOf(({ res, url }) => {
    res.writeHead(503).write('no');
    if (url.pathname === '/whole') res.end();
  });
});
afterEach(() => {
  agent.destroy();
  agent = new Agent({ keepAlive: true });
});
afterAll(() => Promise.all([lab.close(), upstream.close()]));

const inUse = (): number => Object.values(agent.sockets).flat().length;
const client = (config: ClientConfig) => createClient({ httpAgent: agent, breaker: false, retry: false, ...config });

it.each([
  ['retried', { retry: { retries: 1, baseDelay: 1 } }],
  ['answered by a fallback', { fallback: { value: 'spare' } }],
])('a stream that is %s', async (_, config) => {
  const api = client(config);
  for (const path of ['whole', 'open']) {
    const ends = await Promise.allSettled([1, 2, 3].map(() => api.get(`${upstream.url}${path}`, { responseType: 'stream' })));
    // The last answer of each call is the caller's to let go of.
    for (const end of ends) if (end.status === 'rejected') end.reason.response.data.destroy();
    await until(() => inUse() === 0, `no connection in use after /${path}`);
  }
});

it('a stream that a fallback reads, or hands on, is left to it', async () => {
  const api = client({ fallback: (error) => (error as { response: { data: unknown } }).response.data });
  const { data } = await api.get(`${upstream.url}whole`, { responseType: 'stream' });
  let text = '';
  for await (const chunk of data) text += chunk;
  expect(text).toBe('no');
});

it('an upload that is refused before all of it was sent', async () => {
  const api = client({ timeout: { send: 10_000 } });
  const calls = Array.from({ length: 3 }, () => api.post(lab.url('early-413'), Buffer.alloc(8 * 1024 * 1024)).catch(() => {}));
  await Promise.all(calls);
  await until(() => inUse() === 0, 'no connection in use');
});

it('a dozen streams that wait for one HTTP/2 connection are no leak to warn of', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  const api = client({ httpVersion: 2, http2Options: { ca: lab.ca } });
  await Promise.all(Array.from({ length: 24 }, () => api.get(lab.url('http2-healthy'))));
  await api.close();
  await new Promise(setImmediate);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});
