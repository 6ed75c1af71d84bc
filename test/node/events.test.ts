// Events, and what is in them besides numbers: no secret, the trace, the endpoint; and handlers that break nothing.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptRecord, type CallRecord, type Client, createClient, type EventType } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, watchUnhandled } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let events: { type: EventType; record: AttemptRecord | CallRecord }[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  client = createClient({ proxy: false });
  events = [];
  client.on('*', (type, record) => events.push({ type, record: record as AttemptRecord | CallRecord }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
});

const only = (type: EventType): (AttemptRecord | CallRecord)[] => events.filter((event) => event.type === type).map(({ record }) => record);
const order = (): EventType[] => events.map(({ type }) => type);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('no secret', () => {
  const SECRET = 's3cr3t';
  const CASES: [string, () => Promise<unknown>][] = [
    ['of the URL, in a success', () => client.get(lab.url('healthy', `/a?token=${SECRET}#${SECRET}`).replace('//', `//user:${SECRET}@`))],
    ['of params', () => client.get(lab.url('healthy'), { params: { token: SECRET, list: [SECRET], deep: { er: SECRET } } })],
    [
      'of headers and auth',
      () => client.get(lab.url('healthy'), { auth: { username: SECRET, password: SECRET }, headers: { 'x-key': SECRET } }),
    ],
    ['of the body', () => client.post(lab.url('healthy'), { password: SECRET })],
    ['in a timeout', () => client.get(lab.url('stall', `/a?token=${SECRET}`).replace('//', `//user:${SECRET}@`), { timeout: 60 })],
    [
      'in a deadline',
      () => client.get(lab.url('stall', `/a?token=${SECRET}`), { timeout: false, deadline: 60, auth: { username: 'u', password: SECRET } }),
    ],
    ['in an HTTP error', () => client.get(lab.url('healthy', `/status/500?token=${SECRET}`), { params: { token: SECRET } })],
    ['in a network error', () => client.get(`http://user:${SECRET}@127.0.0.1:1/?token=${SECRET}`)],
    ['in a redirect', () => client.get(lab.url('healthy', `/redirect?to=${encodeURIComponent(`/b?token=${SECRET}`)}`))],
    ['of a base URL', () => client.get(`/a?token=${SECRET}`, { baseURL: lab.url('healthy').replace('//', `//user:${SECRET}@`) })],
    ['of a URL that is none', () => client.get(`http://user:${SECRET}@bad host/?token=${SECRET}`)],
    ['of a call with a bad option', () => client.get(lab.url('healthy', `/?token=${SECRET}`), { timeout: -1 })],
  ];
  it.each(CASES)('%s is in a record or in the message of an error', async (what, run) => {
    const message = await run().then(
      () => '',
      (error: Error) => (error.name === 'TimeoutError' ? `${error.message} ${error.stack}` : ''),
    );
    expect(JSON.stringify(events)).not.toContain(SECRET);
    expect(message).not.toContain(SECRET);
    expect(only('call')).toHaveLength(what === 'of a call with a bad option' ? 0 : 1);
  });
});

describe('the trace id', () => {
  it('is that of the traceparent that is sent', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const { data } = await client.get(lab.url('healthy'), { headers });
    expect(data.headers.traceparent).toBe(headers.traceparent);
    for (const { record } of events) expect(record.traceId).toBe(traceId);
  });

  it('is that which an interceptor set', async () => {
    const traceId = 'ffffffffffffffffffffffffffffff01';
    client.interceptors.request.use((config) => {
      config.headers.set('traceparent', `00-${traceId}-b7ad6b7169203331-00`);
      return config;
    });
    await failureOf(() => client.get(lab.url('stall'), { timeout: 60 }));
    expect(events).toHaveLength(3);
    for (const { record } of events) expect(record.traceId).toBe(traceId);
  });

  it('is made where the header makes no sense, and nothing is sent', async () => {
    const { data } = await client.get(lab.url('healthy'));
    expect(data.headers.traceparent).toBeUndefined();
    await client.get(lab.url('healthy'), { headers: { traceparent: 'nonsense' } });
    for (const { record } of events) expect(record.traceId).toMatch(/^[\da-f]{32}$/);
  });
});

describe('the endpoint', () => {
  it('is what the caller calls it', async () => {
    await client.get(lab.url('healthy', '/x'), { endpoint: 'users' });
    await client.get(lab.url('healthy', '/x'), { endpoint: ({ url }) => `by function ${new URL(url ?? '').pathname}` });
    expect(only('call').map(({ endpoint }) => endpoint)).toEqual(['users', 'by function /x']);
  });

  it('is the automatic one where the function fails, and the call goes on', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const broken = (): string => {
      throw new Error('broken');
    };
    expect((await client.get(lab.url('healthy', '/x'), { endpoint: broken })).status).toBe(200);
    expect(only('call')[0]?.endpoint).toBe(`GET ${lab.url('healthy', '/x')}`);
    expect(warn).toHaveBeenCalled();
  });
});

describe('handlers', () => {
  it('that throw or reject change nothing', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (const type of ['attempt', 'call', 'timeout'] as const) {
      client.on(type, () => {
        throw new Error('broken');
      });
      client.on(type, (async () => Promise.reject(new Error('broken later'))) as () => void);
    }
    expect((await client.get(lab.url('healthy'))).status).toBe(200);
    expect((await failureOf(() => client.get(lab.url('stall'), { timeout: 60 }))).error).toMatchObject({ limit: 'total' });
    await sleep(20);
    expect(order()).toEqual(['attempt', 'call', 'attempt', 'timeout', 'call']);
    expect(warn).toHaveBeenCalledTimes(6); // each broken handler is told of once
  });

  it('are only called while they are on', async () => {
    const heard = vi.fn();
    const stop = client.on('call', heard);
    await client.get(lab.url('healthy'));
    stop();
    await client.get(lab.url('healthy'));
    client.on('call', heard);
    client.off('call', heard);
    await client.get(lab.url('healthy'));
    expect(heard).toHaveBeenCalledOnce();
  });

  it('get records that are plain data', async () => {
    await failureOf(() => client.get(lab.url('stall'), { timeout: 60 }));
    for (const { record } of events) expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});
