// Plays one call from the Node backend in Chromium, from outside: what the page tells of where it was when time ran out.
import { describe, expect, it } from 'vitest';
import { onePage } from './call-support';

const { open, play, facts, bars, headline } = onePage();

describe('one call from Node', () => {
  it('tells of silence that it was the reading', async () => {
    const page = await open();
    await play('Node backend', 'stall');
    expect(await facts('breakwater')).toMatchObject({ limit: 'read', phase: 'response', kind: 'read', limitMs: '2\u202f000\u00a0ms' });
    expect(await page.locator('#lane-breakwater .message').textContent()).toContain('timeout.read of 2000 ms ran out');
    expect(await page.locator('[data-look="limit"] .note').textContent()).toBe('read limit');
    expect(await bars('axios')).toEqual(['call']);
    expect(await page.locator('#lane-axios .message').textContent()).toBe('timeout of 3000ms exceeded');
    const record = JSON.parse(await page.locator('#events li[data-type="timeout"] pre').evaluate((pre) => pre.textContent ?? ''));
    expect(record).toMatchObject({ limit: 'read', phase: 'response', outcome: 'timeout', timings: { response: expect.any(Number) } });
  });

  it('tells of a black hole that it was the connecting', async () => {
    await open();
    await play('Node backend', 'black-hole');
    expect(await facts('breakwater')).toMatchObject({ limit: 'connect', phase: 'tcp', kind: 'connect', safeToRetry: 'true' });
    expect(await bars('breakwater')).toEqual(expect.arrayContaining(['tcp', 'limit']));
  });

  it('says so where stock axios is still waiting, and stops watching', async () => {
    const page = await open();
    await play('Node backend', 'proxy-silence');
    expect(await facts('breakwater')).toMatchObject({ limit: 'connect', phase: 'proxy', kind: 'connect' });
    expect(await headline('axios')).toMatch(/^Still waiting after/);
    expect(await page.locator('[data-lane="axios"] .note').textContent()).toBe('still waiting');
  });
});
