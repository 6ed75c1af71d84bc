// msw stands in for the network under both of axios' adapters in Node, and its answers are held to the limits.
import { delay, HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type Client, createClient } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf, timeoutOf, watchUnhandled } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let attempts: AttemptRecord[];
const unhandled = watchUnhandled();

beforeAll(async () => {
  lab = await startLab({ only: ['healthy'] });
});
afterAll(async () => {
  await lab.close();
  await unhandled.none();
});
beforeEach(() => {
  client = createClient({ proxy: false });
  attempts = [];
  client.on('attempt', (record) => attempts.push(record));
});
afterEach(() => client.close());

describe.each(['http', 'fetch'] as const)('msw with the %s adapter', (adapter) => {
  const server = setupServer(
    http.get('http://api.test/users', () => HttpResponse.json({ ok: true })),
    http.post('http://api.test/users', async ({ request }) => HttpResponse.json(await request.json(), { status: 201 })),
    http.get('http://api.test/missing', () => new HttpResponse(null, { status: 404 })),
    http.get('http://api.test/broken', () => HttpResponse.error()),
    http.get('http://api.test/slow', async () => {
      await delay(3_000);
      return HttpResponse.json({});
    }),
  );
  beforeAll(() => server.listen({ onUnhandledRequest: 'bypass' }));
  afterAll(() => server.close());

  it('answers', async () => {
    expect((await client.get('http://api.test/users', { adapter })).data).toEqual({ ok: true });
    expect(await client.post('http://api.test/users', { a: 1 }, { adapter })).toMatchObject({ status: 201, data: { a: 1 } });
    expect((await failureOf(() => client.get('http://api.test/missing', { adapter }))).error).toMatchObject({ response: { status: 404 } });
    expect((await failureOf(() => client.get('http://api.test/broken', { adapter }))).error).toMatchObject({ isAxiosError: true });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'http-error', 'error']);
  });

  it('lets what it does not know through to the network', async () => {
    expect((await client.get(lab.url('healthy'), { adapter })).data.ok).toBe(true);
  });

  it('is held to the limits', async () => {
    await timeoutOf(() => client.get('http://api.test/slow', { adapter, timeout: 200 }), 'total', 200);
    await timeoutOf(() => client.get('http://api.test/slow', { adapter, timeout: false, deadline: 200 }), 'deadline', 200);
    // msw puts an agent of its own in the place of any, so with http its answers have no phases, as those of a custom adapter.
    const limits = adapter === 'fetch' ? { response: 200 } : { response: 100, total: 200 };
    const error = await timeoutOf(
      () => client.get('http://api.test/slow', { adapter, timeout: limits }),
      adapter === 'fetch' ? 'response' : 'total',
      200,
    );
    expect(error.phase).toBe('waiting');
  });
});
