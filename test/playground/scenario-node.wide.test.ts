// The same outage by hand, with the traffic from Node.
import { expect, it } from 'vitest';
import { at, soon } from './dashboard-support';
import { withPlayground } from './page-support';

const playground = withPlayground();
const ORDERS = 'GET /orders/:id';

it('an upstream that dies is told from Node to have failed in the reading, and in which phase', async () => {
  const { page } = await playground.open();
  const dashboard = at(page);
  await dashboard.runIn('Node backend');
  await dashboard.start();
  await soon(() => dashboard.fact('breakers', ORDERS)).toBe('closed');
  await dashboard.become('hanging');
  await soon(() => dashboard.left(ORDERS)).toBeGreaterThan(0);
  // The breaker may have opened on calls that hang, before the first of them has timed out.
  await soon(() => dashboard.events('timeout')).toEqual(expect.arrayContaining([expect.stringContaining('read limit in response')]));
  for (const record of await dashboard.records()) expect(record.slice(1, 3)).toEqual(['read', 'response']);
  expect(await page.locator('#calls .track [data-look="response"]').count()).toBeGreaterThan(0);
  await soon(() => dashboard.waiting('axios')).toBeGreaterThan(10);
  await dashboard.become('healthy');
  await soon(() => dashboard.fact('breakers', ORDERS)).toBe('closed');
  // What hung hangs on.
  expect(await dashboard.waiting('axios')).toBeGreaterThan(10);
});
