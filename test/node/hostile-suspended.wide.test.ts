// A process that is stopped in the middle of its calls and goes on later, as on a laptop that sleeps: what came meanwhile is delivered, what did
// not come is told of as late, and nothing ends before its time.
import type { ChildProcess } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runScript } from './script';
import { upstreamOf } from './support';

const LIMIT = 3_000; // ms, by which all requests are under way on a busy machine too
const STOPPED = 3_200; // ms

const SCRIPT = `
  const LIMIT = ${LIMIT};
  const client = createClient({ baseURL: url, proxy: false, retry: false, breaker: false, timeout: false, deadline: 60_000 });
  const told = [];
  client.on('call', ({ url, outcome, limit }) => told.push([new URL(url).pathname, outcome, limit].join(' ').trim()));
  const end = (work) => work.then(
    ({ data }) => data,
    ({ name, limit, phase, limitMs, elapsed, lag, message }) => ({ name, limit, phase, early: elapsed < limitMs, lag, says: message.includes('event loop') }),
  );
  const calls = {
    read: client.get('/whole', { timeout: { read: LIMIT } }),
    response: client.get('/whole', { timeout: { response: LIMIT } }),
    total: client.get('/whole', { timeout: LIMIT }),
    deadline: client.get('/whole', { deadline: LIMIT }),
    scope: withDeadline(LIMIT, () => client.get('/whole', { deadline: false })),
    fetch: client.get('/whole', { adapter: 'fetch', timeout: LIMIT }),
    body: client.get('/rest', { timeout: { read: LIMIT, body: LIMIT } }),
    repeated: client.get('/again', { timeout: { read: LIMIT }, retry: { baseDelay: 500, jitter: 'none', budget: false } }),
    never: client.get('/never', { timeout: { read: LIMIT } }),
    neverTotal: client.get('/never', { timeout: LIMIT }),
    neverDeadline: client.get('/never', { deadline: LIMIT }),
    neverFetch: client.get('/never', { adapter: 'fetch', timeout: LIMIT }),
    neverRest: client.get('/rest/never', { timeout: { body: LIMIT } }),
  };
  const ends = {};
  await Promise.all(Object.entries(calls).map(async ([name, work]) => { ends[name] = await end(work); }));
  const after = await end(client.get('/never', { timeout: { read: 300 } }));
  console.log(JSON.stringify({ ends, after, told }));
  await client.close();`;

it('does neither lose an answer nor forget a limit', async () => {
  const waiting: { path: string; res: ServerResponse }[] = [];
  let again = 0;
  const server = await upstreamOf(({ res, url: { pathname: path } }) => {
    if (path === '/again' && ++again === 1) return void res.writeHead(503).end();
    if (path.startsWith('/rest')) res.writeHead(200, { 'Content-Length': 8 }).write('half');
    waiting.push({ path, res });
    if (again > 1 && path === '/again') res.end('good');
  });
  const isUnderWay = (): boolean => waiting.length >= 12 && again === 1;

  const suspend = async (child: ChildProcess): Promise<void> => {
    while (!isUnderWay()) await sleep(5); // a process takes a while to begin; the test has a time limit of its own
    child.kill('SIGSTOP');
    await sleep(100);
    for (const { path, res } of waiting.splice(0)) if (!path.endsWith('/never')) res.end('good');
    await sleep(STOPPED);
    child.kill('SIGCONT');
  };
  let suspended: Promise<void> | undefined;
  const { code, stdout, stderr } = await runScript(SCRIPT, server.url, [], (child) => {
    suspended = suspend(child);
  });
  await suspended;
  await server.close();

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { ends, after, told } = JSON.parse(stdout);
  for (const name of ['read', 'response', 'total', 'deadline', 'scope', 'fetch', 'repeated'])
    expect([name, ends[name]]).toEqual([name, 'good']);
  expect(ends.body).toBe('halfgood');
  const late = (limit: string, phase: string) => ({
    name: 'TimeoutError',
    limit,
    phase,
    early: false,
    lag: expect.any(Number),
    says: true,
  });
  expect(ends).toMatchObject({
    never: late('read', 'response'),
    neverTotal: late('total', 'response'),
    neverDeadline: late('deadline', 'response'),
    neverFetch: late('total', 'waiting'),
    neverRest: { name: 'TimeoutError', limit: 'body', phase: 'body', early: false },
  });
  for (const [name, { lag }] of Object.entries<{ lag: number }>(ends)) {
    if (!name.startsWith('never') || name === 'neverRest') continue; // whose headers may have been read only afterwards
    expect(lag).toBeGreaterThan(0);
    expect(lag).toBeLessThanOrEqual(LIMIT);
  }
  // And afterwards time is what it was.
  expect(after).toMatchObject({ limit: 'read', early: false });
  expect(told).toHaveLength(14);
}, 60_000);
