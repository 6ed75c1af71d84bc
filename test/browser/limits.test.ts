// Each limit of an attempt through fetch, against a real fault: what it says, that it is not early, and that the connection is closed.
import { describe, expect, it } from 'vitest';
import type { TimeoutOptions } from '../bare';
import { cleanly, clientWith, expectTimeout, meet } from './support';

cleanly();

const WAITING = { phase: 'waiting', kind: 'unknown' } as const;
/** Chromium gives up the request, not the connection it was making: that goes on in its pool, for whoever comes next. */
const CONNECTING = ['black-hole', 'tls-silence'];
const BODY = { phase: 'body', kind: 'read' } as const;

describe('before the headers, where a page cannot tell connecting from waiting', () => {
  it.each(['stall', 'header-drip', 'interim-drip', 'redirect-to-stall', ...CONNECTING])(
    'connect and read bound %s together, as response',
    async (fault) => {
      const peer = await meet(fault);
      const client = clientWith({ timeout: [120, 180] });
      await expectTimeout(() => client.get(peer.url), { limit: 'response', limitMs: 300, ...WAITING });
      if (fault === 'stall') await peer.closed(); // between two redirects the connection may be idle, and is kept
    },
  );

  it('response alone bounds them too', async () => {
    const peer = await meet('stall');
    const client = clientWith({ timeout: { response: 200 } });
    await expectTimeout(() => client.get(peer.url), { limit: 'response', limitMs: 200, ...WAITING });
    await peer.closed();
  });

  it.each([
    { timeout: { connect: 100, read: 100, response: 500 }, limitMs: 200 },
    { timeout: { connect: 1_000, read: 1_000, response: 250 }, limitMs: 250 },
  ])('of $timeout the smaller counts: $limitMs ms', async ({ timeout, limitMs }) => {
    const peer = await meet('stall');
    const client = clientWith({ timeout });
    await expectTimeout(() => client.get(peer.url), { limit: 'response', limitMs, ...WAITING });
  });

  it.each([{ connect: 100 }, { read: 100 }, { connect: 100, read: false }] as TimeoutOptions[])(
    '%o alone is no bound: what it limits cannot be seen',
    async (timeout) => {
      const peer = await meet('healthy');
      const client = clientWith({ timeout });
      const { status } = await client.get(peer.at('/delay/400'));
      expect(status).toBe(200);
    },
  );

  it.each(['stall', 'redirect-loop-slow', ...CONNECTING])('total bounds %s', async (fault) => {
    const peer = await meet(fault);
    const client = clientWith({ timeout: 300 });
    await expectTimeout(() => client.get(peer.url), { limit: 'total', limitMs: 300, ...WAITING });
    if (fault === 'stall') await peer.closed(); // between two redirects the connection may be idle, and is kept
  });

  it('a slow redirect chain that fits is followed', async () => {
    const peer = await meet('redirect-loop-slow');
    const { data } = await clientWith({ timeout: { total: 15_000 } }).get(peer.url);
    expect(data).toEqual({ ok: true, hops: 8 });
  });
});

describe('in the body', () => {
  it('read bounds silence', async () => {
    const peer = await meet('body-stall');
    const client = clientWith({ timeout: { read: 250 } });
    const error = await expectTimeout(() => client.get(peer.url), { limit: 'read', limitMs: 250, ...BODY });
    expect(error.timings.body).toBeGreaterThanOrEqual(250);
    await peer.closed();
  });

  it('read does not mind a body that is slow but never silent', async () => {
    const peer = await meet('slow-body');
    const { data } = await clientWith({ timeout: { read: 700 } }).get(peer.url);
    expect(data).toBe('chunk\n'.repeat(20));
  });

  it('body bounds a drip without an end', async () => {
    const peer = await meet('body-drip');
    const client = clientWith({ timeout: { connect: 1_000, read: 2_000, body: 300 } });
    await expectTimeout(() => client.get(peer.url), { limit: 'body', limitMs: 300, ...BODY });
    await peer.closed();
  });

  it.each(['body-drip', 'body-stall'])('total bounds %s', async (fault) => {
    const peer = await meet(fault);
    const client = clientWith({ timeout: 1_500 }); // the headers are to be there before, also on a busy machine
    await expectTimeout(() => client.get(peer.url), { limit: 'total', limitMs: 1_500, ...BODY });
    await peer.closed();
  });

  it.each(['blob', 'arraybuffer', 'json'] as const)('read bounds silence for responseType %s', async (responseType) => {
    const peer = await meet('body-stall');
    const client = clientWith({ responseType, timeout: { read: 200 } });
    await expectTimeout(() => client.get(peer.url), { limit: 'read', limitMs: 200, ...BODY });
    await peer.closed();
  });
});

describe('what is no timeout', () => {
  it.each(['refused', 'reset-mid-body'])('%s fails at once with an error of its own', async (fault) => {
    const peer = await meet(fault);
    const client = clientWith({ timeout: { total: 10_000 } });
    await expect(client.get(peer.url)).rejects.toMatchObject({ isAxiosError: true, code: 'ERR_NETWORK' });
  });

  it('a duration beyond what setTimeout takes never fires early', async () => {
    const peer = await meet('healthy');
    const client = clientWith({ timeout: { response: 2 ** 31, read: 2 ** 32, body: 2 ** 31, total: 2 ** 40 }, deadline: 2 ** 41 });
    await expect(client.get(peer.at('/delay/100'))).resolves.toMatchObject({ status: 200 });
  });
});
