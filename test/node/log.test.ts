// logTo with the real things: timeouts of the lab through a client, written by pino, winston and console; exact lines, no secrets.
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import winston from 'winston';
import { type LogLine, logTo } from '../../src/exporters/log';
import { type Client, createClient } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, watchUnhandled } from './failures';
import { runScript } from './script';
import { failure, rejection, until } from './support';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let detach: (() => void) | undefined;
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  client = createClient({ proxy: false, timeout: { read: 80 } });
});
afterEach(async () => {
  detach?.();
  await client.close();
});

const origin = (name: string): string => new URL(lab.url(name)).origin;
const timeOut = (path = '/users/7'): Promise<unknown> => failure(client.get(lab.url('stall', path)));

/** A stream that keeps what is written to it. */
function sink(): { stream: Writable; lines(): Record<string, unknown>[] } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return {
    stream,
    lines: () =>
      chunks
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

/** The fields of a read timeout of `/users/7`, whatever logger wrote them. */
const fields = () => ({
  event: 'timeout',
  endpoint: `GET ${origin('stall')}/users/:id`,
  'http.request.method': 'GET',
  'url.full': `${origin('stall')}/users/7`,
  'error.type': 'timeout',
  'breakwater.limit': 'read',
  'breakwater.limit_ms': 80,
  'breakwater.phase': 'response',
  'breakwater.kind': 'read',
  'breakwater.elapsed_ms': expect.any(Number),
  'breakwater.call_id': expect.stringMatching(/^\S+$/),
  trace_id: expect.stringMatching(/^[\da-f]{32}$/),
});
const MESSAGE = () =>
  expect.stringMatching(new RegExp(`^GET ${origin('stall')}/users/:id timed out after \\d+ ms \\(limit read, phase response\\)$`));

/** A blocked event loop is told of; on a busy machine any line may. */
const withoutLag = <T extends object>(line: T): T => {
  const { 'breakwater.lag_ms': _, ...rest } = line as Record<string, unknown>;
  return rest as T;
};

describe('pino', () => {
  const pinoFields = () => ({ level: 40, time: expect.any(Number), pid: process.pid, hostname: expect.any(String) });

  it('gets the line as its object, at warn', async () => {
    const { stream, lines } = sink();
    detach = logTo(client, pino(stream));
    await timeOut();
    expect(lines().map(withoutLag)).toStrictEqual([{ ...pinoFields(), ...fields(), msg: MESSAGE() }]);
  });

  it('has it in its children, with their bindings', async () => {
    const { stream, lines } = sink();
    detach = logTo(client, pino(stream).child({ module: 'upstream' }));
    await timeOut();
    expect(lines().map(withoutLag)).toStrictEqual([{ ...pinoFields(), module: 'upstream', ...fields(), msg: MESSAGE() }]);
  });

  it('has it in its browser build as well', async () => {
    const forBrowsers: typeof pino = createRequire(import.meta.url)('pino/browser.js');
    const written: object[] = [];
    detach = logTo(client, forBrowsers({ browser: { write: (line) => void written.push(line) } }));
    await timeOut();
    expect(written.map(withoutLag)).toStrictEqual([{ level: 40, time: expect.any(Number), ...fields(), msg: MESSAGE() }]);
  });

  it('whose level changes is asked anew for each line', async () => {
    const { stream, lines } = sink();
    const logger = pino({ level: 'error' }, stream);
    detach = logTo(client, logger);
    await timeOut('/first');
    logger.level = 'warn';
    await timeOut('/second');
    expect(lines()).toMatchObject([{ 'url.full': `${origin('stall')}/second` }]);
  });
});

describe('winston', () => {
  const loggerTo = (stream: Writable, ...formats: winston.Logform.Format[]): winston.Logger =>
    winston.createLogger({
      format: winston.format.combine(...formats, winston.format.json()),
      transports: [new winston.transports.Stream({ stream })],
    });

  it('gets the message and the line, at warn', async () => {
    const { stream, lines } = sink();
    detach = logTo(client, loggerTo(stream));
    await timeOut();
    expect(lines().map(withoutLag)).toStrictEqual([{ level: 'warn', message: MESSAGE(), ...fields() }]);
  });

  it.each([
    ['plain', []],
    ['that formats', [winston.format.splat()]],
  ])('%s loses no field to what looks like a placeholder', async (_what, formats) => {
    const { stream, lines } = sink();
    detach = logTo(client, loggerTo(stream, ...formats).child({ module: 'upstream' }));
    await timeOut('/caf%c3%a9');
    expect(lines()).toMatchObject([
      { level: 'warn', module: 'upstream', event: 'timeout', endpoint: `GET ${origin('stall')}/caf%c3%a9`, trace_id: expect.any(String) },
    ]);
  });
});

describe('console of a process', () => {
  it('has one line on stderr, which ends in JSON, and the timer of the next keeps nothing alive', async () => {
    const { code, stdout, stderr, lingered } = await runScript(
      `const { logTo } = await import('./src/exporters/log.ts');
       const api = createClient({ proxy: false, retry: false, timeout: { read: 80 } });
       logTo(api, console);
       await Promise.all([1, 2].map(() => api.get(url).catch((error) => console.log(error.limit))));`,
      lab.url('stall', '/users/7'),
    );
    const [, message, json] = /^breakwater: (.*?) (\{.*\})\n$/.exec(stderr) ?? [];
    expect(message).toEqual(MESSAGE());
    expect(withoutLag(JSON.parse(json ?? ''))).toStrictEqual(fields());
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'read\nread\n' });
    expect(lingered).toBeLessThan(4_000);
  });

  it('has what was held back, once it is detached', async () => {
    const { stderr } = await runScript(
      `const { logTo } = await import('./src/exporters/log.ts');
       const api = createClient({ proxy: false, retry: false, timeout: { read: 80 } });
       const detach = logTo(api, console);
       await Promise.allSettled([1, 2, 3].map(() => api.get(url)));
       await api.close();
       detach();`,
      lab.url('stall', '/users/7'),
    );
    const lines = stderr.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))).suppressed)).toEqual([undefined, 1]);
  });
});

describe('a client', () => {
  let lines: LogLine[];
  const listen = (): void => {
    lines = [];
    detach = logTo(client, (line) => lines.push(line));
  };

  it('has one line for a timeout in the body, with its status', async () => {
    listen();
    await failure(client.get(lab.url('body-stall')));
    expect(lines).toMatchObject([{ event: 'timeout', 'breakwater.phase': 'body', 'http.response.status_code': 200 }]);
  });

  it('has one line for a deadline that ends an attempt', async () => {
    listen();
    await failure(client.get(lab.url('stall'), { timeout: false, deadline: 80 }));
    detach?.();
    expect(lines).toMatchObject([{ event: 'timeout', 'breakwater.limit': 'deadline', 'breakwater.phase': 'response' }]);
  });

  it('has the retries in the count of the second', async () => {
    listen();
    await failure(client.get(lab.url('stall'), { retry: { retries: 2, baseDelay: 1, jitter: 'none' } }));
    detach?.();
    const all = lines as Extract<LogLine, { event: 'timeout' }>[];
    expect(all.reduce((total, { suppressed = 0 }) => total + 1 + suppressed, 0)).toBe(3);
    expect(all.at(-1)).toMatchObject({ 'http.request.resend_count': 2 });
    expect(new Set(all.map((line) => line['breakwater.call_id'])).size).toBe(1);
  });

  it('has no line for a success, an HTTP error, or the caller who gives up', async () => {
    listen();
    await client.get(lab.url('healthy'));
    await rejection(client.get(lab.url('healthy', '/status/500')));
    const controller = new AbortController();
    const given = rejection(client.get(lab.url('stall'), { timeout: false, signal: controller.signal }));
    controller.abort();
    await given;
    detach?.();
    expect(lines).toEqual([]);
  });

  it('has the breaker that opens, and that closes', async () => {
    listen();
    const url = lab.url('stall', '/cut');
    const breaker = { minCalls: 2, failureRate: 0.5, burst: false, slow: false } as const;
    for (let i = 0; i < 2; i++) await failure(client.get(url, { breaker }));
    client.breakers.close(`GET ${url}`);
    expect(lines.filter(({ event }) => event === 'breaker')).toMatchObject([
      {
        endpoint: `GET ${url}`,
        'breakwater.breaker.from': 'closed',
        'breakwater.breaker.to': 'open',
        'breakwater.breaker.reason': 'failure-rate',
        'breakwater.breaker.calls': 2,
        'breakwater.breaker.failure_rate': 1,
        'breakwater.breaker.retry_after_ms': expect.closeTo(60_000, -3), // as of when the line was written
      },
      { 'breakwater.breaker.from': 'open', 'breakwater.breaker.to': 'closed', 'breakwater.breaker.reason': 'operator' },
    ]);
  });

  it('has the alert that five timeouts raise, with these', async () => {
    listen();
    await Promise.all([1, 2, 3, 4, 5].map(() => timeOut()));
    await until(() => lines.some(({ event }) => event === 'alert'), 'an alert came');
    expect(lines.find(({ event }) => event === 'alert')).toMatchObject({
      endpoint: `GET ${origin('stall')}/users/:id`,
      'breakwater.alert.status': 'firing',
      'breakwater.alert.reason': 'frequent',
      'breakwater.alert.rate': 1,
      'breakwater.alert.timeouts': 5,
      recent_timeouts: Array(5).fill({
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        url: `${origin('stall')}/users/7`,
        elapsed_ms: expect.any(Number),
        phase: 'response',
        status: null,
        trace_id: expect.stringMatching(/^[\da-f]{32}$/),
        attempt: 1,
      }),
    });
  });

  it('has the beacons that were lost', async () => {
    listen();
    for (const data of [10n, 11n]) client.beacon(`${origin('healthy')}/collect?key=s3cret`, data);
    await client.close();
    await until(() => lines.length > 0, 'the drops were told');
    expect(lines).toStrictEqual([
      {
        event: 'beacon',
        'breakwater.beacon.dropped': 2,
        'breakwater.beacon.reasons': { serialize_error: 2 },
        'url.full': `${origin('healthy')}/collect?key=REDACTED`,
      },
    ]);
  });

  it('tells no secret of a request', async () => {
    const secret = 's3cr3t';
    const written: string[] = [];
    detach = logTo(client, (...line) => written.push(JSON.stringify(line)));
    const url = lab.url('stall', `/a?token=${secret}#${secret}`).replace('//', `//user:${secret}@`);
    const config = { headers: { 'x-key': secret }, params: { key: secret }, auth: { username: secret, password: secret } };
    await failureOf(() => client.post(url, { password: secret }, config));
    expect(written).toHaveLength(1);
    expect(written.join()).not.toContain(secret);
    expect(written.join()).not.toMatch(/headers|config|stack/);
  });
});
