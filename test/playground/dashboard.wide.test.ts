// The dashboard as a page: by keyboard, on a phone, in light and dark, and what it shows before anything runs.
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { at, soon } from './dashboard-support';
import { endServer, startServer, withPlayground } from './page-support';

const playground = withPlayground();

/** Tabs on until the element with the focus is the one. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) return;
  }
  throw new Error(`no way by Tab to ${selector}`);
}

const title = (page: Page): Promise<string | null> => page.locator('#stage-title').textContent();

describe('the keyboard', () => {
  it('is enough: to start, to play, to break the upstream, to stop', async () => {
    const { page } = await playground.open();
    const dashboard = at(page);
    await tabTo(page, '#run');
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe('solid');
    await page.keyboard.press('Enter');
    await soon(() => dashboard.bars('breakwater', 'ok')).toBeGreaterThan(0);

    await tabTo(page, '[name="fault"]');
    const switched = page.waitForResponse('**/api/state');
    await page.keyboard.press('ArrowRight');
    await switched;
    expect(await page.locator('[name="fault"]:checked').inputValue()).toBe('slow');
    await soon(() => title(page)).toBe('Upstream: slow');
    // What is chosen is not seen at the radio button, which is hidden, but at its label.
    const outline = await page.locator('[name="fault"]:checked + span').evaluate((label) => getComputedStyle(label).outlineStyle);
    expect(outline).toBe('solid');

    await tabTo(page, '#stop');
    await page.keyboard.press('Enter');
    await soon(() => title(page)).toBe('Stopped');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('run');

    await tabTo(page, '.scenarios button');
    await page.keyboard.press('Space');
    await page.locator('.scenarios [aria-pressed="true"]').waitFor();
    await page.keyboard.press('Escape');
    await soon(() => title(page)).toBe('Stopped');
  });

  it('ends a scenario where the upstream is switched by hand, and keeps traffic going somewhere', async () => {
    const { page } = await playground.open();
    await page.getByRole('button', { name: /drips/ }).click();
    await at(page).become('failing');
    expect(await page.locator('.scenarios [aria-pressed="true"]').count()).toBe(0);
    for (const name of ['GET /orders/:id', 'GET /prices']) await page.getByRole('checkbox', { name }).click();
    expect(await page.getByRole('checkbox', { name: 'GET /prices' }).isChecked()).toBe(true);
  });
});

it('starts with the upstream that it shows, though another page has switched it meanwhile', async () => {
  const { page } = await playground.open();
  const dashboard = at(page);
  await dashboard.runIn('Node backend');
  await dashboard.become('failing');
  await playground.open(); // whose upstream is healthy
  await dashboard.start();
  await soon(() => dashboard.bars('axios', 'failed')).toBeGreaterThan(0);
});

it('says so when the backend goes away under its traffic, rather than that all is well', async () => {
  const server = await startServer();
  const { page } = await playground.open('', { expectProblems: true });
  await page.goto(server.url);
  const dashboard = at(page);
  await dashboard.runIn('Node backend');
  await dashboard.start();
  await soon(() => dashboard.bars('breakwater', 'ok')).toBeGreaterThan(0);
  await endServer(server.child);
  await soon(() => title(page)).toBe('Stopped');
});

it('does not go on as if the upstream were switched where the server is gone', async () => {
  const server = await startServer();
  const { page } = await playground.open('', { expectProblems: true });
  await page.goto(server.url);
  const dashboard = at(page);
  await dashboard.start();
  await soon(() => dashboard.bars('breakwater', 'ok')).toBeGreaterThan(0);
  await endServer(server.child);
  await page.locator('input[name="fault"][value="hanging"]').check({ force: true });
  await soon(() => title(page)).toBe('Stopped');
});

it('keeps its charts when light turns into dark, though nothing runs', async () => {
  const { page } = await playground.open();
  const painted = () => page.locator('#chart-wait canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const light = await painted();
  await page.emulateMedia({ colorScheme: 'dark' });
  await soon(painted).not.toBe(light);
  expect(await page.locator('.chart canvas').count()).toBe(3);
});

it('says what to do before anything runs, and shows the options as code', async () => {
  const { page } = await playground.open();
  expect(await page.locator('#stage').textContent()).toContain('Press a scenario');
  expect(await page.locator('#alerts').textContent()).toMatch(/^None\./);
  const code = () => page.locator('#code').textContent();
  expect(await code()).toContain('retry: { baseDelay: 200 },');
  await page.locator('[name="retry"]').uncheck();
  expect(await code()).toContain('retry: false,');
  expect(await code()).toContain('Breakwater.createClient(');
  await at(page).runIn('Node backend');
  expect(await code()).toMatch(/^import { createClient } from 'breakwater';/);
});

it('says that nobody else notices only while that is so', async () => {
  const { page } = await playground.open();
  // Text, since what is compiled here has another import().
  const said = (timeouts: number) =>
    page.evaluate(`import('/page/live/lane.mjs').then(({ createLane }) => {
      const lane = { made: 1, wait: 1, ends: { cut: 1 } };
      const endpoints = { other: { elapsed: [1], timeouts: ${timeouts} } };
      const seconds = [{ fault: 'hanging', lanes: { breakwater: lane }, endpoints }];
      const breakers = [{ endpoint: 'one', state: 'open' }, { endpoint: 'other', state: 'closed' }];
      const state = { lanes: { breakwater: { waiting: 0 } }, breakers };
      createLane('breakwater', 'Breakwater')({ state, seconds }, { rate: 10, enabled: true });
      return document.querySelector('#lane-breakwater .sentence').textContent;
    })`);
  expect(await said(0)).toBe('Cut off: callers are told at once, and nobody else notices.');
  expect(await said(1)).toBe('Cut off: callers are told at once.');
});

it('fits a phone while it runs', async () => {
  const { page } = await playground.open('', { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true });
  for (const fold of await page.locator('.controls summary').all()) await fold.tap();
  await page.getByRole('button', { name: 'The upstream dies for 20 s' }).tap();
  await page.locator('#alerts [data-status="firing"]').waitFor({ timeout: 25_000 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  // What happens has been scrolled to.
  expect(await page.locator('#stage').evaluate((stage) => Math.abs(stage.getBoundingClientRect().top) < innerHeight / 2)).toBe(true);
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  it('all text can be read', async () => {
    const { page } = await playground.open('', { colorScheme });
    await at(page).runIn('Node backend');
    await at(page).start();
    await at(page).become('hanging');
    await page.locator('#alerts [data-status="firing"]').waitFor({ timeout: 25_000 });
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(colorScheme === 'light' ? 'rgb(242, 245, 246)' : 'rgb(11, 17, 21)');
    expect(await page.evaluate(faint)).toEqual([]);
  });
});

/** Texts whose contrast with what is behind them is less than WCAG's 4.5. Runs in the page. */
function faint(): string[] {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  if (!canvas) throw new Error('no canvas');
  const luminance = (colours: string[]): number => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string[] =>
    element ? [...behind(element.parentElement), getComputedStyle(element).backgroundColor] : [];
  return [...document.querySelectorAll('body *')]
    .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim()))
    .flatMap((element) => {
      const back = behind(element);
      const [low = 0, high = 0] = [luminance(back), luminance([...back, getComputedStyle(element).color])].sort((a, b) => a - b);
      const contrast = (high + 0.05) / (low + 0.05);
      return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${element.className} "${element.textContent?.slice(0, 40)}"`] : [];
    });
}
