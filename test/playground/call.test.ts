// Plays one call in Chromium, from outside: what the page shows is what is asserted.
import { describe, expect, it } from 'vitest';
import { onePage } from './call-support';

const { open, play, choose, runOver, facts, bars, eventTypes, headline } = onePage();

describe('one call', () => {
  it('plays a healthy upstream from the browser and from Node', async () => {
    const page = await open();
    for (const where of ['This browser', 'Node backend'] as const) {
      await play(where, 'healthy');
      expect(await headline('breakwater')).toMatch(/^200 after/);
      expect(await headline('axios')).toMatch(/^200 after/);
      expect(await bars('breakwater')).not.toContain('limit');
      expect((await eventTypes()).sort()).toEqual(['attempt', 'call']);
      await page.locator('#status').evaluate((status) => status.replaceChildren());
    }
    expect(await bars('breakwater')).toEqual(expect.arrayContaining(['tcp', 'send', 'response']));
    expect(await page.locator('#history li').count()).toBe(2);
  });

  it('tells of silence in the browser what a browser can know', async () => {
    const page = await open();
    await choose('This browser', 'stall');
    await page.getByLabel('connect', { exact: true }).fill('300');
    await page.getByLabel('read', { exact: true }).fill('700');
    await page.getByRole('button', { name: 'Run' }).click();
    await runOver();
    expect(await facts('breakwater')).toMatchObject({ code: 'ETIMEDOUT', limit: 'response', phase: 'waiting', kind: 'unknown' });
    expect(await bars('breakwater')).toEqual(['waiting', 'limit']);
    expect(await facts('axios')).toMatchObject({ code: 'ECONNABORTED', limit: '–', phase: '–' });
    expect((await eventTypes()).sort()).toEqual(['attempt', 'call', 'timeout']);
  });

  it('takes the limits from the form, the folded ones too', async () => {
    const page = await open();
    await choose('Node backend', 'header-drip');
    await page.getByText('More limits').click();
    await page.getByLabel('response', { exact: true }).fill('700');
    await page.getByLabel('total', { exact: true }).fill('1500');
    await page.getByRole('button', { name: 'Run' }).click();
    await runOver();
    expect(await facts('breakwater')).toMatchObject({ limit: 'response', limitMs: '700\u00a0ms' });
    expect(await page.locator('#lane-axios code').textContent()).toBe('axios.create({ timeout: 1500 })');
    expect(await page.locator('#lane-axios .message').textContent()).toBe('timeout of 1500ms exceeded');
  });
});
