// A process with a client in it ends as soon as its work is done: no timer, socket or listener of ours keeps it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab } from '../lab/index.mjs';
import { runScript } from './script';

/** Any timer left behind would keep the process for the default deadline of 30 s, or the read limit of 10 s. */
const AT_ONCE = 4_000; // ms, for a busy machine

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall', 'big-download', 'http2-healthy', 'tls-healthy', 'tls-silence'] });
});
afterAll(() => lab.close());

const client = (options = ''): string =>
  `const api = createClient({ proxy: false, timeout: { connect: 60_000, read: 60_000 }${options} });`;

const SCRIPTS: [what: string, upstream: string, script: string, says: string][] = [
  ['a client that made no call', 'healthy', `${client()} console.log(typeof api.get);`, 'function'],
  ['a success, the client left open', 'healthy', `${client()} console.log((await api.get(url)).status);`, '200'],
  [
    'a success, the client closed',
    'healthy',
    `${client()} await api.get(url); await api.close(); await api.close(); console.log('closed');`,
    'closed',
  ],
  [
    'a stream that is longer than it may be, and nobody listens for errors',
    'big-download',
    `${client()} const { data } = await api.get(url, { responseType: 'stream', maxContentLength: 9 });
      data.resume().once('close', () => console.log(data.errored.code));`,
    'ERR_BAD_RESPONSE',
  ],
  ['many at once', 'healthy', `${client()} await Promise.all(Array.from({ length: 50 }, () => api.get(url))); console.log('all');`, 'all'],
  [
    'an HTTP error',
    'healthy',
    `${client()} await api.get(url + 'status/500').catch((error) => console.log(error.response.status));`,
    '500',
  ],
  [
    'the stream of an HTTP error, which nobody reads',
    'healthy',
    `${client()} await api.get(url + 'status/500', { responseType: 'stream', headers: { Connection: 'close' } })
      .catch((error) => console.log(error.response.status));`,
    '500',
  ],
  [
    'a refused connection',
    'healthy',
    `${client()} await api.get('http://127.0.0.1:1/').catch((error) => console.log(error.code));`,
    'ECONNREFUSED',
  ],
  [
    'a timeout',
    'stall',
    `${client()} await api.get(url, { timeout: { read: 100 } }).catch((error) => console.log(error.limit, error.phase));`,
    'read response',
  ],
  [
    'a timeout in the body',
    'body-stall',
    `${client()} await api.get(url, { timeout: { body: 100 } }).catch((error) => console.log(error.limit, error.phase));`,
    'body body',
  ],
  [
    'a deadline on a hung interceptor',
    'healthy',
    `${client(', deadline: 100')} api.interceptors.request.use(() => new Promise(() => {})); await api.get(url).catch((error) => console.log(error.limit));`,
    'deadline',
  ],
  [
    'an abort',
    'stall',
    `${client()} const c = new AbortController(); setTimeout(() => c.abort(), 50);
      await api.get(url, { signal: c.signal }).catch((error) => console.log(axios.isCancel(error)));`,
    'true',
  ],
  [
    'a stream that was read',
    'healthy',
    `${client()} const { data } = await api.get(url, { responseType: 'stream' }); for await (const _ of data); console.log('read');`,
    'read',
  ],
  [
    'a stream that was dropped',
    'big-download',
    `${client()} const { data } = await api.get(url, { responseType: 'stream' }); data.destroy(); console.log('dropped');`,
    'dropped',
  ],
  ['a redirect', 'healthy', `${client()} console.log((await api.get(url + 'redirect?to=/a')).data.path);`, '/a'],
  ['withDeadline', 'healthy', `${client()} console.log(await withDeadline(60_000, async () => (await api.get(url)).status));`, '200'],
  ["axios' fetch adapter", 'healthy', `${client(", adapter: 'fetch'")} console.log((await api.get(url)).status);`, '200'],
  [
    "a timeout in axios' fetch adapter",
    'stall',
    `${client(", adapter: 'fetch'")} await api.get(url, { timeout: 100 }).catch((error) => console.log(error.limit));`,
    'total',
  ],
  [
    'HTTP/2',
    'http2-healthy',
    `${client(', httpVersion: 2, http2Options: { rejectUnauthorized: false }')} console.log((await api.get(url)).status);`,
    '200',
  ],
  [
    'a TLS handshake that hung',
    'tls-silence',
    `${client()} await api.get(url, { timeout: { tls: 100 } }).catch((error) => console.log(error.limit, error.phase));`,
    'tls tls',
  ],
];

describe('a process ends at once after', () => {
  it.each(SCRIPTS)('%s', async (_what, upstream, script, says) => {
    const { code, stdout, stderr, lingered } = await runScript(script, lab.url(upstream));
    expect({ stdout: stdout.trim(), stderr, code }).toEqual({ stdout: says, stderr: '', code: 0 });
    expect(lingered).toBeLessThan(AT_ONCE);
  });
});

describe('a process does not end before', () => {
  it('its call has: the limits hold it, though nothing else is alive', async () => {
    const script = `${client()} await api.get('http://hang.test/', { lookup: () => {}, timeout: { connect: 200 } }).catch((error) => console.log(error.limit));`;
    const { code, stdout } = await runScript(script, lab.url('healthy'));
    expect({ stdout: stdout.trim(), code }).toEqual({ stdout: 'connect', code: 0 });
  });

  it('its deadline has passed, where an adapter never answers', async () => {
    const script = `${client(', deadline: 200')} await api.get(url, { adapter: () => new Promise(() => {}) }).catch((error) => console.log(error.limit));`;
    const { code, stdout } = await runScript(script, lab.url('healthy'));
    expect({ stdout: stdout.trim(), code }).toEqual({ stdout: 'deadline', code: 0 });
  });
});
