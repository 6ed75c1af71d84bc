// What a person does at the page of one call, and reads there.
import type { Page } from 'playwright';
import { withPlayground } from './page-support';

const RUN_OVER = 30_000; // ms; generous, since the machine may be busy

export type Lane = 'breakwater' | 'axios';
type Where = 'Node backend' | 'This browser';

/** Starts server and browser for a file of tests, in each of which `open()` opens the page that all else is about. */
export function onePage() {
  const playground = withPlayground();
  let page: Page;
  let problems: string[];

  async function choose(where: Where, fault: string): Promise<void> {
    await page.getByText(where, { exact: true }).click();
    const label = page.locator(`label:has(input[value="${fault}"])`);
    if (!(await label.isVisible()))
      await page
        .locator('.faults details', { has: page.locator(`input[value="${fault}"]`) })
        .locator('summary')
        .click();
    await label.click();
  }

  async function runOver(): Promise<void> {
    await page.locator('#status', { hasText: 'Stock axios:' }).waitFor({ state: 'attached', timeout: RUN_OVER });
  }

  return {
    url: playground.url,
    async open(options: Parameters<typeof playground.open>[1] = {}): Promise<Page> {
      ({ page, problems } = await playground.open('call', options));
      return page;
    },
    problems: (): string[] => problems,
    choose,
    runOver,
    async play(where: Where, fault: string): Promise<void> {
      await choose(where, fault);
      await page.getByRole('button', { name: 'Run' }).click();
      await runOver();
    },

    /** The facts on a lane's card, by name. */
    facts: async (lane: Lane): Promise<Record<string, string>> =>
      Object.fromEntries(
        await page
          .locator(`#lane-${lane} dl > div`)
          .evaluateAll((rows) =>
            rows.map((row) => [row.querySelector('dt')?.textContent ?? '', row.querySelector('dd')?.textContent ?? '']),
          ),
      ),

    /** The names of the bars that a lane has in the waterfall. */
    bars: (lane: Lane): Promise<string[]> => page.locator(`[data-lane="${lane}"] .row .name`).allInnerTexts(),

    eventTypes: (): Promise<string[]> => page.locator('#events summary b').allInnerTexts(),

    headline: (lane: Lane): Promise<string | null> => page.locator(`#lane-${lane} .headline`).textContent(),
  };
}
