// axios' fetch adapter in Node: the limits that fetch lets one keep, exact from the headers on.
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, timeoutOf, watchUnhandled } from './failures';
import { upstreamOf } from './support';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall', 'body-stall', 'body-drip', 'slow-body', 'header-drip'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  for (const name of ['stall', 'body-stall', 'body-drip']) lab.upstream(name).reset();
  client = createClient({ proxy: false });
});
afterEach(() => client.close());

describe("axios' fetch adapter in Node", () => {
  const fetching = { adapter: 'fetch' } as const;

  it('tells no phases before the headers, and is held to response, or to connect and read together', async () => {
    const error = await timeoutOf(() => client.get(lab.url('stall'), { ...fetching, timeout: { response: 150 } }), 'response', 150);
    expect(error).toMatchObject({ phase: 'waiting', kind: 'unknown' });
    await lab.upstream('stall').closed(1);
    await timeoutOf(() => client.get(lab.url('stall'), { ...fetching, timeout: { connect: 50, read: 100 } }), 'response', 150);
    await timeoutOf(() => client.get(lab.url('header-drip'), { ...fetching, timeout: { response: 300 } }), 'response', 300);
  });

  it('is held to read, body and total in the body', async () => {
    const read = await timeoutOf(() => client.get(lab.url('body-stall'), { ...fetching, timeout: { read: 150 } }), 'read', 150);
    expect(read).toMatchObject({ phase: 'body', kind: 'read' });
    await lab.upstream('body-stall').closed(1);
    await timeoutOf(() => client.get(lab.url('body-drip'), { ...fetching, timeout: { body: 200, read: 150 } }), 'body', 200);
    await timeoutOf(() => client.get(lab.url('body-drip'), { ...fetching, timeout: 200 }), 'total', 200);
    await lab.upstream('body-drip').closed(2);
    const { data } = await client.get(lab.url('slow-body'), { ...fetching, timeout: { read: 500 } });
    expect(data).toBe('chunk\n'.repeat(20));
  });

  it('the same where there is a size that axios does not count as one', async () => {
    const sized = { ...fetching, maxContentLength: null as never };
    expect((await client.get(lab.url('healthy'), sized)).data).toMatchObject({ ok: true });
    await timeoutOf(() => client.get(lab.url('body-stall'), { ...sized, timeout: { read: 150 } }), 'read', 150);
  });

  it('streams, and the stream is held to read as well', async () => {
    const { data } = await client.get(lab.url('slow-body'), { ...fetching, responseType: 'stream', timeout: { read: 500 } });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of data) text += decoder.decode(chunk);
    expect(text).toBe('chunk\n'.repeat(20));

    const stalled = await client.get(lab.url('body-stall'), { ...fetching, responseType: 'stream', timeout: { read: 150 } });
    const error = await timeoutOf(
      async () => {
        for await (const _chunk of stalled.data);
      },
      'read',
      150,
    );
    expect(error.phase).toBe('body');
    await lab.upstream('body-stall').closed(1);
  });

  it('lets go of a body that is not read', async () => {
    const large = await upstreamOf(({ res }) => void res.writeHead(200, { 'Content-Length': 1e7 }).write('x'));
    const { error } = await failureOf(() => client.get(large.url, { ...fetching, maxContentLength: 9 }));
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE' });
    await large.closed(1);
    await large.close();
  });

  it("an answer of the user's own fetch that comes after the attempt is nobody's: it ends once, and the next may still be stopped", async () => {
    const outcomes: string[] = [];
    client.on('attempt', ({ attempt, outcome }) => void outcomes.push(`${attempt} ${outcome}`));
    const signals: AbortSignal[] = [];
    const late: typeof fetch = async (input) => {
      signals.push((input as Request).signal);
      if (signals.length > 1) return new Promise(() => {});
      await sleep(900);
      return new Response('late');
    };
    const config = { ...fetching, env: { fetch: late }, timeout: { response: 600 }, retry: { retries: 1, baseDelay: 1 } };
    await timeoutOf(() => client.get(lab.url('healthy'), { ...config, deadline: 1_100 }), 'deadline', 1_100);
    expect(outcomes).toEqual(['1 timeout', '2 timeout']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('sends what no browser would keep alive, so a failure of it counts', async () => {
    const upstream = await upstreamOf(({ res }) => void res.socket?.destroy());
    const api = createClient({ ...fetching, proxy: false, breaker: {}, fetchOptions: { keepalive: true } });
    await failureOf(() => api.put(upstream.url, 'x'.repeat(64 * 1024 + 1)));
    expect(api.breakers.list()).toMatchObject([{ calls: 1, failureRate: 1 }]);
    await api.close();
    await upstream.close();
  });

  it("keeps the user's own fetch", async () => {
    const seen: unknown[] = [];
    const own: typeof fetch = (input, init) => {
      seen.push(init);
      return fetch(input, init);
    };
    expect((await client.get(lab.url('healthy'), { ...fetching, env: { fetch: own } })).data.ok).toBe(true);
    expect(seen).toHaveLength(1);
    expect(seen[0] ?? {}).not.toHaveProperty('breakwater');
  });

  it("asks a response of the user's own fetch for its body once, for it may make a stream each time", async () => {
    let asked = 0;
    class Counting extends Response {
      override get body(): Response['body'] {
        asked++;
        return super.body;
      }
    }
    const env = { fetch: async (): Promise<Response> => new Counting('plain') };
    expect((await axios.get(lab.url('healthy'), { ...fetching, env })).data).toBe('plain');
    const byAxios = asked;
    expect((await client.get(lab.url('healthy'), { ...fetching, env })).data).toBe('plain');
    expect(asked).toBe(2 * byAxios + 1);
  });
});
