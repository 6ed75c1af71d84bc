// Unix sockets: no name and no TCP, and every limit that is left.
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { attemptsOf, clients, failure, rejection, timesOut, upstreamOf } from './support';

let lab: Lab;
let half: Upstream;
const { client, close } = clients();

beforeAll(async () => {
  lab = await startLab({ only: ['unix-healthy', 'unix-stall'] });
  half = await upstreamOf(({ res }) => void res.writeHead(200, { 'Content-Length': 100 }).write('half'), { protocol: 'unix' });
});
beforeEach(() => {
  for (const upstream of [lab.upstream('unix-healthy'), lab.upstream('unix-stall'), half]) upstream.reset();
});
afterEach(close);
afterAll(() => Promise.all([lab.close(), half.close()]));

const at = ({ socketPath = '' }: Upstream): { socketPath: string } => ({ socketPath });

// Followed redirects and none take different ways through axios.
it.each([{ maxRedirects: 5 }, { maxRedirects: 0 }])('a healthy one answers, and its connection is used again, with %j', async (config) => {
  const api = client({ ...config, ...at(lab.upstream('unix-healthy')) });
  const records = attemptsOf(api);
  expect((await api.get('http://localhost/some/path')).data.path).toBe('/some/path');
  await api.get('http://localhost/', { timeout: { connect: 0.001 } });
  expect(lab.upstream('unix-healthy')).toMatchObject({ connections: 1, requests: 2 });
  expect(records.map(({ reusedSocket }) => reusedSocket)).toEqual([false, true]);
  expect(records[0]?.timings).not.toHaveProperty('lookup');
});

it.each(['response', 'read', 'total'] as const)('one that says nothing runs into %s', async (limit) => {
  const upstream = lab.upstream('unix-stall');
  const api = client({ timeout: { read: false, [limit]: 200 }, ...at(upstream) });
  await timesOut(() => api.get('http://localhost/'), { limit, ms: 200, phase: 'response', kind: 'read' });
  await upstream.closed();
});

it('one that falls silent in mid-body runs into read, buffered and as a stream', async () => {
  const api = client({ timeout: { read: 200 }, ...at(half) });
  await timesOut(() => api.get('http://localhost/'), { limit: 'read', ms: 200, phase: 'body', kind: 'read' });
  await half.closed(1);
  const { data } = await api.get<Readable>('http://localhost/', { responseType: 'stream' });
  const error = await failure(new Promise((resolve, reject) => data.resume().once('end', resolve).once('error', reject)));
  expect(error).toMatchObject({ limit: 'read', phase: 'body', kind: 'read' });
  await half.closed(2);
});

it('no proxy of the environment stands before one', async () => {
  const api = client({ ...at(lab.upstream('unix-healthy')), proxy: { host: '127.0.0.1', port: 1 } });
  expect((await api.get('http://localhost/')).status).toBe(200);
});

it('one that is not there is an error of its own', async () => {
  const error = await rejection(client({ socketPath: '/nowhere/socket' }).get('http://localhost/'));
  expect(error).toMatchObject({ isAxiosError: true, code: 'ENOENT' });
});
