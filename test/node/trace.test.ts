// The trace of a call: where records have it from, with the real OpenTelemetry SDK too, and to whom it is sent on.
import { runInNewContext } from 'node:vm';
import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type AttemptRecord,
  type CallRecord,
  type Client,
  type ClientConfig,
  createClient as create,
  type RequestConfig,
} from '../../src/index';
import { startLab } from '../lab/index.mjs';
import type { Lab, Upstream } from '../lab/types.mjs';
import { watchUnhandled } from './failures';
import { clients, rejection, trusting, upstreamOf } from './support';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;
const VALID = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-01$/;

let lab: Lab;
/** Answers 503, and the third time 200; tells what `traceparent` each request had. */
let flaky: Upstream;
let received: (string | undefined)[];
const { client, close } = clients();
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'tls-healthy', 'http2-healthy', 'stall', 'body-stall'] });
  flaky = await upstreamOf(({ req, res }) => {
    received.push(req.headers.traceparent as string | undefined);
    res.writeHead(received.length < 3 ? 503 : 200).end();
  });
});
afterEach(async () => {
  received = [];
  await close();
});
afterAll(async () => {
  await flaky.close();
  await lab.close();
  await unhandled.none();
});
received = [];

/** Three attempts, as soon as may be. */
const RETRY = { retry: { retries: 2, baseDelay: 1, jitter: 'none', budget: false } } as const;

/** Every record of a client, in the order of their ends. */
function recordsOf(client: Client): (AttemptRecord | CallRecord)[] {
  const records: (AttemptRecord | CallRecord)[] = [];
  client.on('attempt', (record) => void records.push(record));
  client.on('timeout', (record) => void records.push(record));
  client.on('call', (record) => void records.push(record));
  return records;
}

const tracesOf = (records: Pick<AttemptRecord, 'traceId' | 'parentSpanId'>[]): (string | undefined)[][] =>
  [...new Set(records.map(({ traceId, parentSpanId }) => JSON.stringify([traceId, parentSpanId])))].map((text) => JSON.parse(text));

describe('the trace of a record', () => {
  const SETS: [by: string, options: ClientConfig, request: RequestConfig][] = [
    ['the caller', {}, { headers: { traceparent: TRACEPARENT } }],
    ['the caller, in another case', {}, { headers: { TraceParent: TRACEPARENT } }],
    ["the client's defaults", { headers: { traceparent: TRACEPARENT } }, {}],
    ['the defaults of a method', { headers: { get: { traceparent: TRACEPARENT } } } as unknown as ClientConfig, {}],
  ];
  it.each(SETS)('is that of a traceparent set by %s', async (_by, options, request) => {
    const api = client(options);
    const records = recordsOf(api);
    const { data } = await api.get(lab.url('healthy'), request);
    expect(data.headers.traceparent).toBe(TRACEPARENT);
    await rejection(api.get(lab.url('stall'), { ...request, timeout: 50 }));
    expect(records).toHaveLength(5);
    expect(tracesOf(records)).toEqual([[TRACE, SPAN]]);
  });

  it('is that of a traceparent set by an interceptor, whatever the caller said', async () => {
    const api = client();
    const records = recordsOf(api);
    api.interceptors.request.use((config) => {
      config.headers.set('traceparent', TRACEPARENT);
      return config;
    });
    await api.get(lab.url('healthy'), { headers: { traceparent: `00-${'1'.repeat(32)}-${SPAN}-01` } });
    expect(tracesOf(records)).toEqual([[TRACE, SPAN]]);
  });

  it("is the caller's also where an interceptor hangs, and axios has made no config yet", async () => {
    const api = client({ deadline: 50 });
    const records = recordsOf(api);
    api.interceptors.request.use(() => new Promise(() => {}));
    await rejection(api.get(lab.url('healthy'), { headers: { TraceParent: TRACEPARENT } }));
    expect(records.map((record) => 'attempts' in record)).toEqual([false, true]);
    expect(tracesOf(records)).toEqual([[TRACE, SPAN]]);
  });

  it.each(['nonsense', `ff-${TRACE}-${SPAN}-01`, `00-${'0'.repeat(32)}-${SPAN}-01`, 'x'.repeat(8_000)])(
    'is its own where the traceparent is none, and that is sent as it is (%#)',
    async (traceparent) => {
      const api = client({ propagateTrace: true });
      const records = recordsOf(api);
      const { data } = await api.get(lab.url('healthy'), { headers: { traceparent } });
      expect(data.headers.traceparent).toBe(traceparent);
      expect(tracesOf(records)).toEqual([[expect.stringMatching(/^[\da-f]{32}$/), null]]);
    },
  );

  it('is sent as the same over a redirect', async () => {
    const sent: unknown[] = [];
    const upstream = await upstreamOf(({ req, res }) => {
      sent.push(req.headers.traceparent);
      res.writeHead(sent.length === 1 ? 302 : 200, { Location: '/there' }).end();
    });
    await client({ propagateTrace: true }).get(upstream.url);
    await upstream.close();
    expect(sent).toEqual([expect.stringMatching(VALID), sent[0]]);
  });

  it('is made for the call, the same for all its attempts, and another for the next', async () => {
    const api = client(RETRY);
    const records = recordsOf(api);
    await api.get(flaky.url);
    expect(records.map(({ outcome }) => outcome)).toEqual(['http-error', 'http-error', 'success', 'success']);
    expect(tracesOf(records)).toHaveLength(1);
    expect(records[0]).not.toHaveProperty('parentSpanId');
    await api.get(flaky.url);
    expect(tracesOf(records)).toHaveLength(2);
  });
});

describe('the active OpenTelemetry span', () => {
  const provider = new BasicTracerProvider();
  const tracer = provider.getTracer('test');
  beforeAll(() => {
    expect(context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())).toBe(true);
    expect(trace.setGlobalTracerProvider(provider)).toBe(true);
  });
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  const inside = <T>(span: Span, work: () => T, from: Context = context.active()): T => context.with(trace.setSpan(from, span), work);
  const idsOf = (span: Span): [string, string] => [span.spanContext().traceId, span.spanContext().spanId];

  it('is the trace of every record, also of those that timers and sockets bring later', async () => {
    const api = client({ timeout: { read: 100 }, ...RETRY, retry: { ...RETRY.retry, retries: 1 } });
    const records = recordsOf(api);
    for (const upstream of ['healthy', 'stall', 'body-stall']) {
      const span = tracer.startSpan(upstream);
      await inside(span, () => api.get(lab.url(upstream)).catch(() => {}));
      span.end();
      expect(tracesOf(records.splice(0))).toEqual([idsOf(span)]);
    }
    await rejection(api.get(lab.url('stall')));
    const [[outside] = []] = tracesOf(records);
    expect(outside).toMatch(/^[\da-f]{32}$/);
    expect(tracesOf(records)).toEqual([[outside, null]]);
  });

  it('is that of the call, however many are under way under different spans', async () => {
    const api = client({ timeout: { read: 300 }, retry: false });
    const byUrl = new Map<string, Set<string>>();
    api.on('*', (_type, event) => {
      const { url, traceId, parentSpanId } = event as AttemptRecord;
      byUrl.set(url, (byUrl.get(url) ?? new Set()).add(`${traceId} ${parentSpanId}`));
    });
    const expected = new Map<string, Set<string>>();
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const url = i % 3 ? lab.url('healthy', `/delay/${(i % 5) * 20}/${i}x`) : lab.url('stall', `/${i}x`);
        const span = tracer.startSpan(url, { root: true });
        expected.set(url, new Set([idsOf(span).join(' ')]));
        await inside(span, async () => {
          await new Promise((resolve) => setTimeout(resolve, i % 7));
          await api.get(url).catch(() => {});
        });
        span.end();
      }),
    );
    expect(new Map([...byUrl].sort())).toEqual(new Map([...expected].sort()));
  });

  it('gives way to the traceparent of the request', async () => {
    const api = client();
    const records = recordsOf(api);
    await inside(tracer.startSpan('a'), () => api.get(lab.url('healthy'), { headers: { traceparent: TRACEPARENT } }));
    expect(tracesOf(records)).toEqual([[TRACE, SPAN]]);
  });

  it('is the parent that is sent, in each attempt, sampled or not', async () => {
    const api = client({ ...RETRY, propagateTrace: true });
    const span = tracer.startSpan('a');
    await inside(span, () => api.get(flaky.url));
    expect(received).toEqual(Array(3).fill(`00-${idsOf(span).join('-')}-01`));
    const unsampled = trace.wrapSpanContext({ traceId: TRACE, spanId: SPAN, traceFlags: 0 });
    const { data } = await inside(unsampled, () => api.get(lab.url('healthy')));
    expect(data.headers.traceparent).toBe(`00-${TRACE}-${SPAN}-00`);
  });
});

describe('an OpenTelemetry that is broken', () => {
  const API = Symbol.for('opentelemetry.js.api.1');
  const place = globalThis as { [API]?: unknown };
  const before = place[API];
  afterEach(() => {
    if (before) place[API] = before;
    else delete place[API];
  });
  const broken = (): never => {
    throw new Error('of another');
  };

  it.each([
    ['a context manager that throws', { context: { active: broken } }],
    ['a context that throws', Object.defineProperty({}, 'context', { get: broken })],
    ['a thing of another shape', { context: { active: () => ({ getValue: () => ({ spanContext: () => 5 }) }) } }],
  ])('does no harm: %s', async (_what, api) => {
    place[API] = api;
    const safe = client({ propagateTrace: true });
    const records = recordsOf(safe);
    const { data } = await safe.get(lab.url('healthy'));
    expect(data.headers.traceparent).toMatch(VALID);
    expect(tracesOf(records)).toEqual([[data.headers.traceparent.slice(3, 35), null]]);
  });
});

/** What the healthy upstream was sent. */
const sentTo = async (api: Client, config: RequestConfig = {}, url = lab.url('healthy')): Promise<string | undefined> =>
  (await api.get(url, config)).data.headers.traceparent;

/** How requests are made in Node. */
const WAYS: [by: string, config: () => RequestConfig, upstream: string][] = [
  ['http', () => ({}), 'healthy'],
  ['http without redirects', () => ({ maxRedirects: 0 }), 'healthy'],
  ['fetch', () => ({ adapter: 'fetch' }), 'healthy'],
  ['HTTP/2', () => ({ httpVersion: 2, http2Options: { ca: lab.ca } }) as RequestConfig, 'http2-healthy'],
];

describe('propagateTrace', () => {
  describe.each(WAYS)('by %s', (_by, way, upstream) => {
    it('is off: nothing is sent', async () => {
      const url = lab.url(upstream);
      expect(await sentTo(client(), way(), url)).toBeUndefined();
      expect(await sentTo(client({ propagateTrace: false }), way(), url)).toBeUndefined();
      expect(await sentTo(client({ propagateTrace: [] }), way(), url)).toBeUndefined();
      expect(await sentTo(client({ propagateTrace: true }), { ...way(), propagateTrace: false }, url)).toBeUndefined();
    });

    it('sends the trace of the records, under a span of its own', async () => {
      const api = client({ propagateTrace: true });
      const records = recordsOf(api);
      const sent = await sentTo(api, way(), lab.url(upstream));
      expect(sent).toMatch(VALID);
      expect(tracesOf(records)).toEqual([[sent?.slice(3, 35), null]]);
      const next = await sentTo(api, way(), lab.url(upstream));
      expect(next?.slice(3, 35)).not.toBe(sent?.slice(3, 35));
    });

    it("leaves the caller's own as it is, and one switched off stays off", async () => {
      const api = client({ propagateTrace: true });
      const url = lab.url(upstream);
      expect(await sentTo(api, { ...way(), headers: { TraceParent: TRACEPARENT } }, url)).toBe(TRACEPARENT);
      expect(await sentTo(api, { ...way(), headers: { traceparent: false } } as RequestConfig, url)).toBeUndefined();
    });
  });

  it('is a policy of the request as well', async () => {
    expect(await sentTo(client(), { propagateTrace: true })).toMatch(VALID);
  });

  it.each([
    ['a `location` has no origin, as one made up in React Native', 'location', { href: '' }],
    ['the origin of no location is null, as on Cloudflare Workers', 'origin', 'null'],
  ])('goes to every origin, as there is none of its own, also where %s', async (_what, name, value) => {
    vi.stubGlobal(name, value);
    const sent = await sentTo(client(), { propagateTrace: true });
    vi.unstubAllGlobals();
    expect(sent).toMatch(VALID);
  });

  it('goes through an adapter of the user', async () => {
    const seen: unknown[] = [];
    const api = client({ propagateTrace: true });
    await api.get('http://up.test/', {
      adapter: async (config) => {
        seen.push(config.headers.get('traceparent'));
        return { data: '', status: 200, statusText: '', headers: {}, config };
      },
    });
    expect(seen).toEqual([expect.stringMatching(VALID)]);
  });

  it('with a list is for those origins alone, by text or expression, each time', async () => {
    const origin = new URL(lab.url('healthy')).origin;
    const { port } = new URL(origin);
    const LISTS: [list: (string | RegExp)[], sends: boolean][] = [
      [[origin], true],
      [['https://api.example.com', origin], true],
      [['https://api.example.com'], false],
      [[origin.replace('http:', 'https:')], false],
      [[origin.slice(0, -1)], false],
      [[new RegExp(`:${port}$`)], true],
      [[new RegExp(`:${port}$`, 'g')], true],
      [[new RegExp(`^${origin}$`, 'y')], true],
      [[runInNewContext(`/:${port}$/`)], true],
      [[/^https:/], false],
      [[/delay/], false], // of the path nothing is looked at
    ];
    for (const [list, sends] of LISTS) {
      const api = client({ propagateTrace: list });
      for (let i = 0; i < 3; i++) {
        const sent = await sentTo(api, {}, lab.url('healthy', '/delay/0'));
        expect({ list, i, sent }).toEqual({ list, i, sent: sends ? expect.stringMatching(VALID) : undefined });
      }
    }
  });

  it('knows the origin of a URL that begins in baseURL', async () => {
    const baseURL = lab.url('healthy');
    const api = client({ baseURL, propagateTrace: [new URL(baseURL).origin] });
    expect(await sentTo(api, {}, '/users')).toMatch(VALID);
  });

  it.each(['http', 'fetch'])('is in every retry: one trace, a span of its own for each (%s)', async (adapter) => {
    const api = create({ proxy: false, breaker: false, adapter, ...RETRY, propagateTrace: true });
    await api.get(flaky.url);
    await api.close();
    expect(received).toEqual(Array(3).fill(expect.stringMatching(VALID)));
    expect(new Set(received.map((header) => header?.slice(3, 35))).size).toBe(1);
    expect(new Set(received.map((header) => header?.slice(36, 52))).size).toBe(3);
  });

  it.each(['http', 'fetch'])('is not in error.config, nor in response.config (%s)', async (adapter) => {
    const api = client({ adapter, propagateTrace: true });
    const answered = await api.get(lab.url('healthy'));
    expect(answered.data.headers.traceparent).toMatch(VALID);
    const failed = (await rejection(api.get(lab.url('healthy', '/status/500')))) as { config: object; response: { config: object } };
    const refused = (await rejection(api.get('http://127.0.0.1:1/'))) as { config: object };
    const late = (await rejection(api.get(lab.url('stall'), { timeout: 50 }))) as { config: object };
    for (const config of [answered.config, failed.config, failed.response.config, refused.config, late.config]) {
      expect(config).toHaveProperty('headers');
      expect((config as { headers: { has(name: string): boolean } }).headers.has('traceparent')).toBe(false);
      expect((config as { sensitiveHeaders?: unknown }).sensitiveHeaders).toBeUndefined();
    }
  });

  describe('in a redirect', () => {
    const redirectTo = (url: string): string => lab.url('healthy', `/redirect?to=${encodeURIComponent(url)}`);

    it.each(['http', 'fetch'])('to the same origin is kept (%s)', async (adapter) => {
      expect(await sentTo(client({ adapter, propagateTrace: true }), {}, redirectTo('/landed'))).toMatch(VALID);
    });

    it('to another origin is dropped, and what the user calls sensitive with it', async () => {
      const httpsAgent = trusting(lab);
      const api = client({ httpsAgent, propagateTrace: true });
      const config = { headers: { 'x-key': 'secret', 'x-other': 'kept' }, sensitiveHeaders: ['x-key'] };
      const { data } = await api.get(redirectTo(lab.url('tls-healthy', '/landed')), config);
      expect(data).toMatchObject({ path: '/landed', headers: { 'x-other': 'kept' } });
      expect(data.headers).not.toHaveProperty('traceparent');
      expect(data.headers).not.toHaveProperty('x-key');
      httpsAgent.destroy();
    });

    it('to another origin is kept by fetch, which shows nobody its hops', async () => {
      const elsewhere = await upstreamOf(({ req, res }) => res.end(JSON.stringify({ headers: req.headers })));
      const sent = await sentTo(client({ adapter: 'fetch', propagateTrace: true }), {}, redirectTo(elsewhere.url));
      await elsewhere.close();
      expect(sent).toMatch(VALID);
    });

    it("to another origin leaves the caller's own to the caller", async () => {
      const httpsAgent = trusting(lab);
      const api = client({ httpsAgent, propagateTrace: true });
      const headers = { traceparent: TRACEPARENT };
      expect(await sentTo(api, { headers }, redirectTo(lab.url('tls-healthy')))).toBe(TRACEPARENT);
      httpsAgent.destroy();
    });
  });
});
