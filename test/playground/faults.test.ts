// Every fault of the dashboard's upstream, every policy, and the hung collector: what the page shows of each.
import { describe, expect, it } from 'vitest';
import { at, soon, type Where } from './dashboard-support';
import { withPlayground } from './page-support';

const playground = withPlayground();

/** Traffic to a healthy upstream, under policies that are not the form's own. */
async function running({ where = 'Node backend', switched = [] }: { where?: Where; switched?: string[] } = {}) {
  const { page } = await playground.open();
  const dashboard = at(page);
  await dashboard.runIn(where);
  for (const name of switched) {
    const box = page.locator(`input[name="${name}"]`);
    await box.setChecked(!(await box.isChecked()));
  }
  await dashboard.start();
  await soon(() => dashboard.bars('breakwater', 'ok')).toBeGreaterThan(0);
  return { page, dashboard };
}

describe('the upstream', () => {
  // The breaker only watches, so that each fault is met.
  it('breaks in each of its ways, and each is told by its name', async () => {
    const { dashboard } = await running({ switched: ['breaker'] });
    const told = (type: string) => async () => (await dashboard.events(type)).join('\n');
    await dashboard.become('slow');
    await soon(told('breaker')).toContain('slow-rate');
    await dashboard.become('resetting');
    await soon(told('retry')).toContain('ECONNRESET');
    await dashboard.become('failing');
    await soon(told('retry')).toContain('attempt 1: 500');
    await soon(() => dashboard.sentence('axios')).toBe('Every failure is the caller’s.');
    await dashboard.become('throttling');
    await soon(told('retry')).toContain('attempt 1: 429');
    await dashboard.become('dripping');
    await soon(told('timeout')).toContain('total limit in body');
    await dashboard.become('black-holed');
    await soon(told('timeout')).toContain('connect limit in tcp');
    await soon(told('timeout')).toContain('/prices');
  });

  it('that asks for a pause is given it', async () => {
    const { dashboard } = await running();
    await dashboard.become('throttling');
    await soon(() => dashboard.fact('breakers', 'GET /orders/:id')).toMatch(/^paused [12]\.\d/);
    await soon(() => dashboard.sentence('breakwater')).toBe('The pause that the upstream asked for is kept.');
  });
});

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
  expect(await dashboard.sentence('breakwater')).toBe('All is well.');
});
