// Every fault of the dashboard's upstream: what the page shows of each.
import { describe, it } from 'vitest';
import { soon, traffic } from './dashboard-support';
import { withPlayground } from './page-support';

const running = traffic(withPlayground());

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
