// Globals that are missing or frozen: a client does in a bare process what it does in a whole one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runScript } from './script';

/** A bit of everything, over an upstream of its own; prints what came of it. */
const SCRIPT = `
  const http = require('node:http');
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests++;
    request.resume();
    if (request.url === '/flaky') return response.writeHead(requests % 2 ? 503 : 200).end('ok');
    if (request.url === '/stall') return;
    if (request.url === '/redirect') return response.writeHead(302, { location: '/ok' }).end();
    if (request.url === '/slow') { response.write('a'); return void setTimeout(() => response.end('b'), 20); }
    if (request.url === '/dead') return void request.socket.destroy();
    response.setHeader('content-type', 'application/json').end('{"deep":{"a":[1]}}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createClient({
    baseURL: 'http://127.0.0.1:' + server.address().port, proxy: false, timeout: { read: 2_000 },
    retry: { baseDelay: 1 }, limit: { rate: 1_000, concurrency: 5, maxQueue: 5 }, fallback: { staleFor: 60_000 }, propagateTrace: true,
  });
  const told = {};
  client.on('*', (type) => { told[type] = (told[type] ?? 0) + 1; });
  const end = (work) => work.then(({ status, data, fallback }) => [status, typeof data === 'string' ? data : JSON.stringify(data), fallback], ({ name, code, limit }) => [name, code, limit]);
  const controller = new AbortController();
  const abortSoon = () => setTimeout(() => controller.abort(), 300);
  const stream = async () => {
    const { data } = await client.get('/slow', { responseType: 'stream', fallback: false });
    let text = '';
    for await (const chunk of data) text += chunk;
    return { status: 200, data: text };
  };
  const ends = [
    await end(client.get('/ok')),
    await end(client.post('/ok', { a: 1 })),
    await end(client.get(requests % 2 ? '/ok' : '/redirect')),
    await end(client.get('/flaky')),
    await end(client.get('/redirect')),
    await end(client.get('/stall', { timeout: { read: 200 }, retry: false })),
    await end(client.get('/stall', { timeout: false, deadline: 300 })),
    await end((abortSoon(), client.get('/stall', { signal: controller.signal }))),
    await end(withDeadline(300, () => client.get('/stall'))),
    await end(client.get('/dead', { fallback: { use: () => 'instead' } })),
    await end(stream()),
    await end(client.get('/ok', { breaker: { minCalls: 0 } })),
    await end(client.get('/ok', { endpoint: 'held' })),
  ];
  const release = client.breakers.open('held');
  ends.push(await end(client.get('/ok', { endpoint: 'held', fallback: false })));
  ends.push(await end(client.get('/ok', { endpoint: 'held' })));
  release();
  const beacon = [client.beacon('/ok', { a: 1 }), client.beacon('/ok', 'b', { batch: true }), await client.beacons.flush(2_000), client.beacons.stats().sent];
  const endpoints = client.stats.list().length;
  await client.close();
  server.closeAllConnections();
  server.close();
  console.log(JSON.stringify({ ends, beacon, endpoints, told }));`;

const PRELUDES: [string, string][] = [
  ['AbortSignal.any and AbortSignal.timeout', 'delete AbortSignal.any; delete AbortSignal.timeout;'],
  ['structuredClone', 'delete globalThis.structuredClone;'],
  ['setImmediate', 'delete globalThis.setImmediate; delete globalThis.clearImmediate;'],
  ['navigator and location', 'delete globalThis.navigator; delete globalThis.location;'],
  [
    'performance.mark and its kin',
    'for (const name of ["mark", "measure", "timeOrigin", "getEntriesByName"]) delete Performance.prototype[name];',
  ],
  ['URL.canParse and URL.parse', 'delete URL.canParse; delete URL.parse;'],
  [
    'fetch and its kin',
    'for (const name of ["fetch", "Headers", "Request", "Response", "FormData", "Blob", "File"]) delete globalThis[name];',
  ],
  ['what came after ES2021', 'delete Object.hasOwn; delete Array.prototype.at; delete Array.prototype.findLast;'],
  ['crypto', 'delete globalThis.crypto;'],
];

let folder: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-globals-'));
  whole = await outputOf([]);
});
afterAll(() => rm(folder, { recursive: true }));

async function outputOf(options: string[]): Promise<string> {
  const { code, stdout, stderr } = await runScript(SCRIPT, '', options);
  expect(stderr.replace(/.*ExperimentalWarning.*\n|.*--trace-warnings.*\n/g, '')).toBe('');
  expect(code).toBe(0);
  return stdout;
}

it('in a whole process is what it is', () => {
  const { ends, beacon, told } = JSON.parse(whole);
  expect(ends.map((end: unknown[]) => end.filter((part) => part !== null).join(' '))).toEqual([
    '200 {"deep":{"a":[1]}}',
    '200 {"deep":{"a":[1]}}',
    '200 {"deep":{"a":[1]}}',
    '200 ok',
    '200 {"deep":{"a":[1]}}',
    'TimeoutError ETIMEDOUT read',
    'TimeoutError ETIMEDOUT deadline',
    'CanceledError ERR_CANCELED',
    'TimeoutError ETIMEDOUT deadline',
    '200 instead use',
    '200 ab',
    'AxiosError ERR_BAD_OPTION_VALUE',
    '200 {"deep":{"a":[1]}}',
    'BreakerOpenError EBREAKEROPEN',
    '200 {"deep":{"a":[1]}} stale',
  ]);
  expect(beacon).toEqual([true, true, true, 2]);
  expect(told).toMatchObject({ call: 14, timeout: 3 });
});

it.each(PRELUDES)('without %s is the same', async (_, prelude) => {
  const file = join(folder, 'prelude.cjs');
  await writeFile(file, prelude);
  expect(await outputOf(['--require', file])).toBe(whole);
});

it('with frozen intrinsics is the same', async () => {
  expect(await outputOf(['--frozen-intrinsics'])).toBe(whole);
});
