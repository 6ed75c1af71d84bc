// What a person does at the dashboard, and reads there.
import type { Page } from 'playwright';
import { expect } from 'vitest';
import type { withPlayground } from './page-support';

/** Milliseconds; generous, since the machine may be busy. */
export const SOON = 25_000;

export type Where = 'This browser' | 'Node backend';
export type Lane = 'breakwater' | 'axios';

/** A dashboard, driven by what is written on it. */
export function at(page: Page) {
  const text = async (selector: string): Promise<string> => (await page.locator(selector).textContent()) ?? '';

  return {
    runIn: (where: Where) => page.getByText(where, { exact: true }).click(),
    start: () => page.getByRole('button', { name: 'Start' }).click(),
    check: (name: string) => page.locator(`input[name="${name}"]`).check(),

    /** Chooses in a group of radio buttons, and waits until the upstreams have been switched. */
    async become(value: string, group = 'fault'): Promise<void> {
      const switched = page.waitForResponse('**/api/state');
      await page.locator(`input[name="${group}"][value="${value}"]`).check({ force: true });
      expect((await switched).status()).toBe(200);
    },

    /** What is written beside a name on a card. */
    async fact(card: string, name: string): Promise<string> {
      const row = page.locator(`#${card} li`, { has: page.getByText(name, { exact: true }) });
      return (await row.count()) ? ((await row.locator('b').textContent()) ?? '') : '';
    },

    /** Seconds that a breaker is to stay open yet; NaN where it is not open. */
    async left(endpoint: string): Promise<number> {
      return Number(/^open ([\d.]+)/.exec(await this.fact('breakers', endpoint))?.[1]);
    },

    /** What a chart's legend tells of a line: the last whole second. */
    async charted(chart: string, line: string): Promise<string> {
      const row = page.locator(`#${chart} .u-series`, { hasText: line });
      return (await row.count()) ? ((await row.locator('td').textContent()) ?? '') : '';
    },

    waiting: async (lane: Lane): Promise<number> => Number(await text(`#waiting-${lane}`)),
    sentence: (lane: Lane): Promise<string> => text(`#lane-${lane} .sentence`),

    /** How many bars of a lane have a part that ended so. */
    bars: (lane: Lane, ending: string): Promise<number> => page.locator(`#lane-${lane} .strip [data-ending="${ending}"]`).count(),

    /** Events of a type, the latest first. */
    events: (type: string): Promise<string[]> => page.locator(`#events [data-type="${type}"] span`).allInnerTexts(),

    /** The rows of the alert that is on: url, limit, phase, elapsed, trace. */
    records: (): Promise<string[][]> =>
      page
        .locator('#alerts [data-status="firing"] tbody tr')
        .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? ''))),
  };
}

/** Polls until it is so. */
export const soon = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: SOON, interval: 100 });

/** Traffic to a healthy upstream, under policies that are not the form's own. */
export const traffic =
  (playground: ReturnType<typeof withPlayground>) =>
  async ({ where = 'Node backend', switched = [] }: { where?: Where; switched?: string[] } = {}) => {
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
  };
