// Plays an outage at the dashboard with one click, and asserts what the page shows of it, with the traffic from the browser.
import { describe, expect, it } from 'vitest';
import { at, soon } from './dashboard-support';
import { withPlayground } from './page-support';

const playground = withPlayground();
const ORDERS = 'GET /orders/:id';

describe('the upstream dies for 20 s', () => {
  // On a machine that starves the page the healthy endpoint is too slow as well, and cut off: then it is played once more.
  it('is cut off and comes back with Breakwater, and takes stock axios down for good', { retry: 1 }, async () => {
    const { page } = await playground.open();
    const dashboard = at(page);
    await page.getByRole('button', { name: 'The upstream dies for 20 s' }).click();
    await soon(() => dashboard.bars('breakwater', 'ok')).toBeGreaterThan(1);
    expect(await page.locator('#timeline').textContent()).toMatch(/healthy\s*hanging\s*healthy/);

    await soon(() => dashboard.charted('chart-timeouts', ORDERS)).toBe('100\u00a0%');
    expect(await dashboard.charted('chart-latency', ORDERS)).toMatch(/^[1-9]\.\d\u00a0s$/);
    let left = Number.NaN;
    const read = async (): Promise<number> => {
      left = await dashboard.left(ORDERS);
      return left;
    };
    await soon(read).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(6);
    // It counts down: less than what was read before, be that of the first time it was open or of a later one.
    await soon(async () => left > (await read())).toBe(true);
    expect(await dashboard.fact('breakers', 'GET /prices')).toBe('closed');
    await soon(() => dashboard.bars('breakwater', 'cut')).toBeGreaterThan(0);
    expect(await dashboard.bars('breakwater', 'timeout')).toBeGreaterThan(0);
    expect(await page.locator('#calls .track [data-look="limit"]').count()).toBeGreaterThan(0);

    const records = await dashboard.records();
    expect(records).toHaveLength(5);
    for (const [url, limit, phase, , trace] of records) {
      expect([url, limit, phase]).toEqual([expect.stringMatching(/^\/orders\/\d$/), 'total', 'waiting']);
      expect(trace).toMatch(/^[\da-f]{8}$/);
    }
    expect(await dashboard.events('alert')).toEqual([expect.stringContaining('firing, frequent')]);

    // Six connections to a host hang; all else of stock axios waits for one of them, the healthy endpoint too.
    await soon(() => dashboard.waiting('axios')).toBeGreaterThan(100);
    expect(await dashboard.sentence('axios')).toMatch(/^\d+ callers hang, and nothing ends them\.$/);
    expect(await dashboard.waiting('breakwater')).toBeLessThan(20);
    expect(await dashboard.bars('axios', 'waiting')).toBeGreaterThan(8);
    expect(await dashboard.bars('breakwater', 'waiting')).toBeLessThan(5);
    expect(await dashboard.charted('chart-wait', 'Stock axios')).toMatch(/^[1-9]\d?\.\d\u00a0s$/);

    await soon(() => dashboard.fact('breakers', ORDERS)).toBe('closed');
    await soon(() => dashboard.sentence('breakwater')).toBe('All is well.');
    const changes = (await dashboard.events('breaker')).reverse();
    expect(changes[0]).toMatch(/closed → open: (burst|slow-rate|failure-rate)/);
    expect(changes.at(-1)).toContain('half-open → closed: probes-succeeded');
    expect(await page.locator('#lane-axios').getAttribute('data-well')).toBe('false');

    await page.keyboard.press('Escape');
    expect(await page.locator('#stage-title').textContent()).toBe('Stopped');
    expect(await page.locator('#timeline').isHidden()).toBe(true);
    expect(await page.locator('.scenarios [aria-pressed="true"]').count()).toBe(0);
  });
});
