// The limits through XHR, which shows less than fetch: progress events instead of headers and chunks.
import { describe, expect, it, vi } from 'vitest';
import type { AttemptRecord } from '../bare';
import { cleanly, clientWith, expectTimeout, meet } from './support';

cleanly();

const WAITING = { phase: 'waiting', kind: 'unknown' } as const;
const BODY = { phase: 'body', kind: 'read' } as const;

describe('adapter xhr', () => {
  it.each([
    { timeout: [150, 150] as const, limit: 'response', limitMs: 300 },
    { timeout: { response: 250 }, limit: 'response', limitMs: 250 },
    { timeout: 300, limit: 'total', limitMs: 300 },
    { timeout: { total: 250, response: 2_000 }, limit: 'total', limitMs: 250 },
  ] as const)('$timeout ends a stall before the headers by $limit', async ({ timeout, limit, limitMs }) => {
    const peer = await meet('stall');
    const client = clientWith({ adapter: 'xhr', timeout });
    await expectTimeout(() => client.get(peer.url), { limit, limitMs, ...WAITING });
    await peer.closed();
  });

  it.each(['black-hole', 'interim-drip', 'redirect-to-stall'])('connect and read bound %s together', async (fault) => {
    const peer = await meet(fault);
    const client = clientWith({ adapter: 'xhr', timeout: [100, 150] });
    await expectTimeout(() => client.get(peer.url), { limit: 'response', limitMs: 250, ...WAITING });
  });

  it('read bounds silence in the body', async () => {
    const peer = await meet('json-stall');
    const client = clientWith({ adapter: 'xhr', timeout: { read: 250 } });
    await expectTimeout(() => client.get(peer.url), { limit: 'read', limitMs: 250, ...BODY });
    await peer.closed();
  });

  // Counted anew at axios' last event, 333 ms after its first, it would be 633; a page that is starved for as long ends one try.
  it('read is counted from the last byte, which axios tells late', { retry: 3 }, async () => {
    const peer = await meet('json-burst-stall');
    const client = clientWith({ adapter: 'xhr', timeout: { read: 300 } });
    const { timings } = await expectTimeout(() => client.get(peer.url), { limit: 'read', limitMs: 300, ...BODY });
    expect(timings.body).toBeLessThan(550);
  });

  // Thinned out, each try would end by read, 333 ms being more than 300; a page that is starved for as long ends one of them.
  it('read does not mind a body that is slow but never silent, although axios thins progress out to three a second', {
    retry: 3,
  }, async () => {
    const peer = await meet('json-drip');
    const client = clientWith({ adapter: 'xhr', timeout: { read: 300, total: 1_500 } });
    await expectTimeout(() => client.get(peer.url), { limit: 'total', limitMs: 1_500, ...BODY });
  });

  it('of text/plain Chromium shows nothing before it has guessed the type: until then it is an answer that does not come', async () => {
    const peer = await meet('body-drip');
    const client = clientWith({ adapter: 'xhr', timeout: [100, 200] });
    await expectTimeout(() => client.get(peer.url), { limit: 'response', limitMs: 300, ...WAITING });
    await peer.closed();
  });

  it('a slow but complete body arrives', async () => {
    const peer = await meet('slow-body');
    const { data } = await clientWith({ adapter: 'xhr', timeout: { connect: 3_000, read: 3_000 } }).get(peer.url);
    expect(data).toBe('chunk\n'.repeat(20));
  });

  it.each([
    { timeout: { body: 300 }, limit: 'body', limitMs: 300 },
    { timeout: { total: 1_500 }, limit: 'total', limitMs: 1_500 },
  ] as const)('$limit bounds a drip without an end', async ({ timeout, limit, limitMs }) => {
    const peer = await meet('json-drip');
    const client = clientWith({ adapter: 'xhr', timeout });
    await expectTimeout(() => client.get(peer.url), { limit, limitMs, ...BODY });
    await peer.closed();
  });

  it('the deadline ends it as well', async () => {
    const peer = await meet('stall');
    const client = clientWith({ adapter: 'xhr', deadline: 250 });
    await expectTimeout(() => client.get(peer.url), { limit: 'deadline', limitMs: 250, ...WAITING });
    await peer.closed();
  });

  it('a connection that breaks is an error of its own', async () => {
    const peer = await meet('reset-mid-body');
    const client = clientWith({ adapter: 'xhr', timeout: 10_000 });
    await expect(client.get(peer.url)).rejects.toMatchObject({ isAxiosError: true, code: 'ERR_NETWORK' });
  });

  it('a validateStatus that throws rejects with what it threw: no limit runs out, and nothing is repeated', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ adapter: 'xhr', timeout: { read: 500 }, retry: { retries: 1, baseDelay: 1 } });
    const records: [AttemptRecord['outcome'], number | undefined][] = [];
    client.on('attempt', ({ outcome, status }) => records.push([outcome, status]));
    for (const error of [new TypeError('mine'), new Error('mine'), undefined]) {
      const validateStatus = (): never => {
        throw error;
      };
      const reason = client.get(peer.url, { validateStatus }).then(
        () => 'an answer',
        (reason: unknown) => reason,
      );
      expect(await reason).toBe(error);
    }
    expect((await peer.seen()).requests).toBe(3);
    expect(records).toEqual(Array(3).fill(['error', 200]));
  });

  it("a validateStatus that says no is asked once, and is the user's own in the config of the error", async () => {
    const peer = await meet('healthy');
    const validateStatus = vi.fn((status: number) => status === 204);
    const refused = { response: { status: 200, data: { path: '/a' }, config: { validateStatus } }, config: { validateStatus } };
    await expect(clientWith({ adapter: 'xhr', validateStatus }).get(peer.at('/a'))).rejects.toMatchObject(refused);
    expect(validateStatus).toHaveBeenCalledExactlyOnceWith(200);
    const { config, status } = await clientWith({ adapter: 'xhr', validateStatus }).get(peer.at('/status/204'));
    expect([config.validateStatus, status]).toEqual([validateStatus, 204]);
  });
});
