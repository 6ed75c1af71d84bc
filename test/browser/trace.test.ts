// The trace in a page: sent to the page's own origin; to another only where it is listed, since there it costs a preflight.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AttemptRecord, CallRecord, Client, RequestConfig } from '../bare';
import { inRealm } from './realm';
import { cleanly, clientWith, failure, meet } from './support';

cleanly();
afterEach(() => {
  vi.restoreAllMocks();
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const VALID = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-01$/;

/** What the page itself is asked, which tells nobody its headers: seen where the platform gets them. */
function watchOwn(): (string | null)[] {
  const seen: (string | null)[] = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    if (input instanceof Request) seen.push(input.headers.get('traceparent'));
    return fetch(input, init);
  });
  const { setRequestHeader } = XMLHttpRequest.prototype;
  vi.spyOn(XMLHttpRequest.prototype, 'setRequestHeader').mockImplementation(function (this: XMLHttpRequest, name, value) {
    if (name.toLowerCase() === 'traceparent') seen.push(value);
    setRequestHeader.call(this, name, value);
  });
  return seen;
}

function recordsOf(client: Client): (AttemptRecord | CallRecord)[] {
  const records: (AttemptRecord | CallRecord)[] = [];
  client.on('attempt', (record) => void records.push(record));
  client.on('call', (record) => void records.push(record));
  return records;
}

describe.each(['fetch', 'xhr'])('by %s, the trace', (adapter) => {
  it.each([[true], [[]], [['https://api.example.com']]])('goes to the page’s own origin (%j)', async (propagateTrace) => {
    const seen = watchOwn();
    const client = clientWith({ adapter, propagateTrace, validateStatus: null });
    const records = recordsOf(client);
    await client.get('/');
    await client.get(location.href);
    await client.get('favicon', { baseURL: location.origin });
    expect(seen).toEqual(Array(3).fill(expect.stringMatching(VALID)));
    expect(records.map(({ traceId }) => traceId)).toEqual(seen.flatMap((header) => Array(2).fill(header?.slice(3, 35))));
  });

  it('goes to the origin that an empty frame has from its parent', async () => {
    const body = `
      let sent;
      const { fetch } = window;
      window.fetch = (request, init) => {
        sent = request.headers.get('traceparent');
        return fetch(request, init);
      };
      const { setRequestHeader } = XMLHttpRequest.prototype;
      XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
        if (name === 'traceparent') sent = value;
        return setRequestHeader.call(this, name, value);
      };
      await library.createClient({ adapter: '${adapter}', propagateTrace: true, validateStatus: null }).get('/');
      return sent;`;
    expect(await inRealm('', body)).toMatch(VALID);
  });

  it('does not go to the origin of its URL from a sandboxed frame, which that is another for', async () => {
    const seen = watchOwn();
    vi.stubGlobal('origin', 'null');
    await clientWith({ adapter, propagateTrace: true, validateStatus: null }).get('/');
    vi.unstubAllGlobals();
    expect(seen.filter(Boolean)).toEqual([]);
  });

  it('does not go to what the page has in a variable named origin', async () => {
    const peer = await meet('healthy');
    vi.stubGlobal('origin', new URL(peer.url).origin);
    const { data } = await clientWith({ adapter, propagateTrace: true }).get(peer.url);
    vi.unstubAllGlobals();
    expect(data.headers).not.toHaveProperty('traceparent');
    expect(await peer.seen()).toMatchObject({ requests: 1, preflights: 0 });
  });

  it('goes nowhere by default', async () => {
    const seen = watchOwn();
    await clientWith({ adapter, validateStatus: null }).get('/');
    const peer = await meet('healthy');
    const { data } = await clientWith({ adapter }).get(peer.url);
    expect(seen.filter(Boolean)).toEqual([]);
    expect(data.headers).not.toHaveProperty('traceparent');
    expect(await peer.seen()).toMatchObject({ requests: 1, preflights: 0 });
  });

  it.each([
    ['true', true],
    ['a list without it', ['https://api.example.com', /example/]],
  ])('does not go to another origin, and costs no preflight: %s', async (_what, propagateTrace) => {
    const peer = await meet('healthy');
    const { data } = await clientWith({ adapter, propagateTrace }).get(peer.url);
    expect(data.headers).not.toHaveProperty('traceparent');
    expect(await peer.seen()).toMatchObject({ requests: 1, preflights: 0 });
  });

  it.each([
    ['by name', (origin: string) => [origin]],
    ['by an expression', (origin: string) => [new RegExp(`^${origin}$`, 'g')]],
  ])('goes to another origin that is listed %s, with a preflight', async (_what, list) => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, propagateTrace: list(new URL(peer.url).origin) });
    const records = recordsOf(client);
    const { data } = await client.get(peer.url);
    expect(data.headers.traceparent).toMatch(VALID);
    expect(records.map(({ traceId }) => traceId)).toEqual(Array(2).fill(data.headers.traceparent.slice(3, 35)));
    expect(await peer.seen()).toMatchObject({ requests: 1, preflights: 1 });
  });

  it('goes along in a redirect, which nobody here can see, and costs the preflight there', async () => {
    const [peer, other] = [await meet('healthy'), await meet('healthy')];
    const client = clientWith({ adapter, propagateTrace: [new URL(peer.url).origin] });
    const { data } = await client.get(peer.at(`/redirect?to=${encodeURIComponent(other.url)}`));
    expect(data.headers.traceparent).toMatch(VALID);
    expect(await other.seen()).toMatchObject({ requests: 1, preflights: 1 });
  });

  it('of the caller is left as it is', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter, propagateTrace: [new URL(peer.url).origin] });
    const records = recordsOf(client);
    const config: RequestConfig = { headers: { TraceParent: TRACEPARENT } };
    const { data } = await client.get(peer.url, config);
    expect(data.headers.traceparent).toBe(TRACEPARENT);
    expect(records.map(({ traceId }) => traceId)).toEqual([TRACE, TRACE]);
  });
});

it('one trace is that of the attempts, of the timeout and of the call', async () => {
  const peer = await meet('stall');
  const client = clientWith({ timeout: 100, retry: { retries: 1, baseDelay: 1, budget: false } });
  const records = recordsOf(client);
  client.on('timeout', (record) => void records.push(record));
  await failure(() => client.get(peer.url));
  expect(records).toHaveLength(5);
  expect(new Set(records.map(({ traceId }) => traceId)).size).toBe(1);
});
