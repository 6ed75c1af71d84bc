// Plays Traffic and Beacons in Chromium, from outside, against the playground's own server: what the page shows is what is asserted.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../browser/chromium.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const SOON = 25_000; // ms; generous, since the machine may be busy

let child: ChildProcess;
let url: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let problems: string[];
let hosts: Set<string>;

beforeAll(async () => {
  const { NODE_OPTIONS: _, PORT: __, ...env } = process.env;
  const started = spawn(process.execPath, ['playground/server.mjs'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  const [printed] = await once(started.stdout, 'data');
  url = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(printed))?.[0] ?? `no URL in: ${printed}`;
  const executablePath = findChromium();
  browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: CHROMIUM_FLAGS });
});

afterAll(async () => {
  await browser?.close();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  problems = [];
  hosts = new Set();
  page.on('request', (request) => hosts.add(new URL(request.url()).hostname));
  page.on('pageerror', (error) => problems.push(error.message));
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual(['127.0.0.1']);
});

async function open(view: 'traffic' | 'beacons', where: 'Node backend' | 'This browser'): Promise<void> {
  await page.goto(url + view);
  await page.locator('body[data-ready]').waitFor();
  await page.getByText(where, { exact: true }).click();
}

/** Waits until the server has been switched. */
async function become(state: string): Promise<void> {
  const switched = page.waitForResponse('**/api/state');
  await page.locator(`input[name="state"][value="${state}"]`).check();
  expect((await switched).status()).toBe(200);
}

const start = () => page.getByRole('button', { name: 'Start' }).click();
const headline = (card: string) => page.locator(`#${card} .headline`);
const headlineIs = (card: string, hasText: RegExp) => headline(card).filter({ hasText }).waitFor({ timeout: SOON });

/** The number beside a name on a card, once there is one that is not 0. */
async function number(card: string, name: string): Promise<number> {
  const value = page.locator(`#${card} dl > div`, { has: page.getByText(name, { exact: true }) }).locator('dd');
  await value.filter({ hasText: /[1-9]/ }).waitFor({ timeout: SOON });
  return Number(await value.textContent());
}

/** How many calls ended that way. */
const ended = async (ending: string): Promise<number> => Number(await page.locator(`#legend [data-ending="${ending}"] b`).textContent());

const changes = async (): Promise<string[]> => (await page.locator('#events li span').allInnerTexts()).reverse();

describe('traffic', () => {
  it('opens the breaker when the upstream hangs, counts down, and closes it when it is healthy again', async () => {
    await open('traffic', 'Node backend');
    await start();
    await headlineIs('breaker', /^closed$/);
    await expect.poll(() => ended('ok'), { timeout: SOON }).toBeGreaterThan(0);
    await become('hanging');
    await headlineIs('breaker', /^open, [\d.]+/);
    const left = async () => Number(/^open, ([\d.]+)/.exec((await headline('breaker').textContent()) ?? '')?.[1]);
    const first = await left();
    expect(first).toBeLessThanOrEqual(5);
    await become('healthy');
    await expect.poll(left, { timeout: SOON }).toBeLessThan(first);
    await headlineIs('breaker', /^closed$/);
    expect((await changes())[0]).toMatch(/^closed → open: (burst|slow-rate|failure-rate)$/);
    expect((await changes()).at(-1)).toBe('half-open → closed: probes-succeeded');
    expect(await ended('cut')).toBeGreaterThan(0);
    expect(await page.locator('#strip rect[data-ending="cut"]').count()).toBeGreaterThan(0);
  });

  it('opens the breaker of the browser as well', async () => {
    await open('traffic', 'This browser');
    await start();
    await expect.poll(() => ended('ok'), { timeout: SOON }).toBeGreaterThan(0);
    await become('hanging');
    await headlineIs('breaker', /^open, [\d.]+/);
    await expect.poll(() => ended('cut'), { timeout: SOON }).toBeGreaterThan(0);
  });

  it('shows the retries that were made, and why others were not', async () => {
    await open('traffic', 'Node backend');
    await page.getByRole('checkbox', { name: /^Breaker/ }).uncheck();
    await become('unavailable');
    await start();
    await headlineIs('retries', /^[1-9]\d* made$/);
    expect(await number('retries', 'not: budget')).toBeGreaterThan(0);
    await expect.poll(() => ended('failed'), { timeout: SOON }).toBeGreaterThan(0);
    // It only watches: nobody is refused.
    await headlineIs('breaker', /^open/);
    expect(await ended('cut')).toBe(0);
  });

  it('shows the limit refusing, and the fallback answering, both switched while it runs', async () => {
    await open('traffic', 'Node backend');
    await page.getByRole('checkbox', { name: /^Breaker/ }).uncheck();
    await become('hanging');
    await start();
    await page.getByRole('checkbox', { name: /^Concurrency limit/ }).check();
    await number('limits', 'refused');
    await expect.poll(() => ended('limited'), { timeout: SOON }).toBeGreaterThan(0);
    await page.getByRole('checkbox', { name: /^Fallback/ }).check();
    await expect.poll(() => ended('fallback'), { timeout: SOON }).toBeGreaterThan(0);
  });

  it('survives an upstream that refuses connections and takes them again', async () => {
    await open('traffic', 'Node backend');
    await start();
    await expect.poll(() => ended('ok'), { timeout: SOON }).toBeGreaterThan(0);
    await become('refusing');
    await headlineIs('breaker', /^open/);
    await become('healthy');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' });
    await start();
    await headlineIs('breaker', /^closed$/);
    await expect.poll(() => ended('ok'), { timeout: SOON }).toBeGreaterThan(0);
  });

  it('runs from the keyboard and fits a phone', async () => {
    await page.setViewportSize({ width: 375, height: 740 });
    await open('traffic', 'Node backend');
    await page.locator('input[name="state"]:checked').focus();
    const switched = page.waitForResponse('**/api/state');
    await page.keyboard.press('ArrowDown');
    await switched;
    expect(await page.locator('input[name="state"]:checked').inputValue()).toBe('slow');
    await page.keyboard.press('Enter');
    await expect.poll(() => ended('ok'), { timeout: SOON }).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  });
});

describe('beacons', () => {
  for (const where of ['Node backend', 'This browser'] as const) {
    it(`drops what a hung collector does not take, while GETs go on: ${where}`, async () => {
      await open('beacons', where);
      await start();
      await headlineIs('channel', /^[1-9]\d* sent, 0 dropped$/);
      await become('hanging');
      expect(await number('channel', 'dropped: timeout')).toBeGreaterThan(0);
      await page.locator('#events li', { hasText: 'dropped: timeout' }).first().waitFor({ timeout: SOON });
      expect(await page.locator('#strip rect[data-ending="ok"]').count()).toBeGreaterThan(0);
      expect(await page.locator('#strip rect[data-ending="failed"]').count()).toBe(0);
      expect(await page.locator('#get-headline').textContent()).toMatch(/^The last GET took/);
    });
  }
});
