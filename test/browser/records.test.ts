// Records and events in a page: one per attempt, call and timeout, without secrets, and no handler harms a call.
import { describe, expect, it, vi } from 'vitest';
import type { AttemptRecord, CallRecord, Client } from '../bare';
import { cleanly, clientWith, failure, meet } from './support';

cleanly();

function listen(client: Client): { attempts: AttemptRecord[]; calls: CallRecord[]; timeouts: AttemptRecord[] } {
  const seen: ReturnType<typeof listen> = { attempts: [], calls: [], timeouts: [] };
  client.on('attempt', (record) => seen.attempts.push(record));
  client.on('call', (record) => seen.calls.push(record));
  client.on('timeout', (record) => seen.timeouts.push(record));
  return seen;
}

describe('records', () => {
  it.each(['fetch', 'xhr'])('of a success by %s', async (adapter) => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter });
    const { attempts, calls, timeouts } = listen(client);
    const before = Date.now();
    await client.get(peer.at('/users/42'));
    expect(timeouts).toEqual([]);
    expect(attempts).toHaveLength(1);
    expect(calls).toHaveLength(1);
    expect(attempts[0]).toMatchObject({ attempt: 1, method: 'GET', outcome: 'success', status: 200, timedOut: false });
    expect(attempts[0]?.endpoint).toBe(`GET ${new URL(peer.url).origin}/users/:id`);
    expect(attempts[0]?.traceId).toMatch(/^[\da-f]{32}$/);
    expect(attempts[0]?.startedAt).toBeGreaterThanOrEqual(before - 1);
    expect(calls[0]).toMatchObject({ id: attempts[0]?.id, attempts: 1, outcome: 'success', traceId: attempts[0]?.traceId });
    expect(calls[0]?.elapsed).toBeGreaterThanOrEqual(attempts[0]?.elapsed ?? Infinity);
  });

  it.each([
    { fault: 'stall', timeout: [100, 150] as const, limit: 'response', phase: 'waiting', kind: 'unknown' },
    { fault: 'body-stall', timeout: { read: 200 }, limit: 'read', phase: 'body', kind: 'read' },
    { fault: 'body-drip', timeout: 1_500, limit: 'total', phase: 'body', kind: 'read' },
  ] as const)('of a timeout ($fault): one event of each type, with the same facts', async ({ fault, timeout, ...facts }) => {
    const peer = await meet(fault);
    const client = clientWith({ timeout });
    const { attempts, calls, timeouts } = listen(client);
    const { error } = await failure(() => client.get(peer.url));
    expect(error).toMatchObject(facts);
    const expected = { ...facts, outcome: 'timeout', timedOut: true, code: 'ETIMEDOUT' };
    expect(attempts).toEqual([expect.objectContaining({ ...expected, attempt: 1 })]);
    expect(timeouts).toEqual([expect.objectContaining({ ...expected, attempt: 1 })]);
    expect(calls).toEqual([expect.objectContaining({ ...expected, attempts: 1 })]);
  });

  it.each(['fetch', 'xhr'])('of a timeout in the body have the status, by %s', async (adapter) => {
    const peer = await meet('json-stall');
    const client = clientWith({ adapter, timeout: { read: 200 } });
    const { attempts } = listen(client);
    await failure(() => client.get(peer.url));
    expect(attempts).toEqual([expect.objectContaining({ phase: 'body', limit: 'read', status: 200 })]);
  });

  it('of the deadline: the event comes once', async () => {
    const peer = await meet('stall');
    const client = clientWith({ deadline: 200, timeout: [5_000, 5_000] });
    const { timeouts, calls } = listen(client);
    await failure(() => client.get(peer.url));
    expect(timeouts).toEqual([expect.objectContaining({ limit: 'deadline', phase: 'waiting', kind: 'unknown' })]);
    expect(calls).toHaveLength(1);
  });

  it.each(['fetch', 'xhr'])('carry no credentials and no query values, nor does the error’s message, by %s', async (adapter) => {
    const peer = await meet('stall');
    const url = new URL('/path?key=s3cret#s3cret', peer.url);
    url.username = 'me';
    url.password = 's3cret';
    const client = clientWith({ adapter, timeout: 200 });
    const { attempts, calls, timeouts } = listen(client);
    const config = { params: { token: 's3cret' }, auth: { username: 'me', password: 's3cret' }, headers: { 'X-Key': 's3cret' } };
    const { error } = await failure(() => client.get(url.href, config));
    expect(error.message).not.toContain('s3cret');
    const records = JSON.stringify([attempts, calls, timeouts]);
    expect(records).not.toContain('s3cret');
    expect(records).not.toContain('me:');
    expect(attempts[0]?.url).toBe(`${new URL(peer.url).origin}/path?key=REDACTED&token=REDACTED`);
  });

  it('a relative URL is told with the page’s origin', async () => {
    const client = clientWith();
    const { attempts } = listen(client);
    await client.get('/', { params: { q: 's3cret' }, validateStatus: null });
    expect(attempts[0]?.url).toBe(`${location.origin}/?q=REDACTED`);
  });
});

describe('handlers', () => {
  it('that throw or reject harm neither the call nor each other', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      const peer = await meet('healthy');
      const client = clientWith();
      const broken = (): never => {
        throw new Error('of a handler');
      };
      client.on('attempt', broken);
      client.on('call', async () => broken());
      const { attempts, calls } = listen(client);
      expect((await client.get(peer.url)).status).toBe(200);
      expect(attempts).toHaveLength(1);
      expect(calls).toHaveLength(1);
      await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2));
    } finally {
      warn.mockRestore();
    }
  });
});
