// The policies that are not on by themselves, the kill switch, and the hung collector: what the dashboard shows of each.
import { describe, expect, it } from 'vitest';
import { soon, traffic } from './dashboard-support';
import { withPlayground } from './page-support';

const running = traffic(withPlayground());

describe('the policies', () => {
  it('limit and fallback refuse and answer, switched while it runs', async () => {
    const { page, dashboard } = await running({ switched: ['breaker'] });
    await dashboard.become('hanging');
    await dashboard.check('limit');
    await soon(() => dashboard.bars('breakwater', 'limited')).toBeGreaterThan(0);
    expect(Number(await dashboard.fact('limits', 'refused by the limit'))).toBeGreaterThan(0);
    expect(await page.locator('#code').textContent()).toContain('limit: { concurrency: 4');
    await dashboard.become('healthy');
    await dashboard.check('fallback');
    await page.waitForTimeout(1_500); // as long as it takes to have a good answer of each URL
    const [sent = 0, made = 0] = (await dashboard.fact('beacons', 'sent')).split(' of ').map(Number);
    expect(sent).toBeGreaterThan(0);
    expect(made - sent).toBeLessThan(3); // those on their way: each change of policies took a new client
    await dashboard.become('hanging');
    await soon(() => dashboard.bars('breakwater', 'fallback')).toBeGreaterThan(0);
  });

  it('are switched off as one by the kill switch', async () => {
    const { dashboard } = await running();
    await dashboard.become('hanging');
    await soon(() => dashboard.left('GET /orders/:id')).toBeGreaterThan(0);
    await dashboard.check('killed');
    // Nobody is refused any more: they wait, as long as axios' own timeout lets them.
    await soon(() => dashboard.waiting('breakwater')).toBeGreaterThan(4);
    await soon(() => dashboard.bars('breakwater', 'timeout')).toBeGreaterThan(3);
  });
});

it('a collector that hangs costs beacons with Breakwater, and every call with stock axios', async () => {
  const { dashboard } = await running({ where: 'This browser' });
  await dashboard.become('hanging', 'collector');
  await soon(() => dashboard.fact('beacons', 'dropped: timeout')).toMatch(/^[1-9]/);
  await soon(() => dashboard.waiting('axios')).toBeGreaterThan(20);
  expect(await dashboard.waiting('breakwater')).toBeLessThan(10);
  await soon(() => dashboard.sentence('breakwater')).toBe('All is well.');
});
