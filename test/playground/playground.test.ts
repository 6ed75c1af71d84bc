// Plays one call in Chromium, from outside: what the page shows is what is asserted. And what the server does at its edges.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../lab/index.mjs';
import { endServer, startServer, withPlayground } from './page-support';

const RUN_OVER = 30_000; // ms; generous, since the machine may be busy

const playground = withPlayground();
let page: Page;
let problems: string[];

async function open(options: Parameters<typeof playground.open>[1] = {}): Promise<void> {
  ({ page, problems } = await playground.open('call', options));
}

async function choose(where: 'Node backend' | 'This browser', fault: string): Promise<void> {
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

async function play(where: 'Node backend' | 'This browser', fault: string): Promise<void> {
  await choose(where, fault);
  await page.getByRole('button', { name: 'Run' }).click();
  await runOver();
}

/** The facts on a lane's card, by name. */
const facts = async (lane: 'breakwater' | 'axios'): Promise<Record<string, string>> =>
  Object.fromEntries(
    await page
      .locator(`#lane-${lane} dl > div`)
      .evaluateAll((rows) => rows.map((row) => [row.querySelector('dt')?.textContent ?? '', row.querySelector('dd')?.textContent ?? ''])),
  );

/** The names of the bars that a lane has in the waterfall. */
const bars = (lane: 'breakwater' | 'axios'): Promise<string[]> => page.locator(`[data-lane="${lane}"] .row .name`).allInnerTexts();

const eventTypes = (): Promise<string[]> => page.locator('#events summary b').allInnerTexts();

const headline = (lane: 'breakwater' | 'axios'): Promise<string | null> => page.locator(`#lane-${lane} .headline`).textContent();

describe('one call', () => {
  it('plays a healthy upstream from the browser and from Node', async () => {
    await open();
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
    await open();
    await play('This browser', 'stall');
    expect(await facts('breakwater')).toMatchObject({ code: 'ETIMEDOUT', limit: 'response', phase: 'waiting', kind: 'unknown' });
    expect(await bars('breakwater')).toEqual(['waiting', 'limit']);
    expect(await facts('axios')).toMatchObject({ code: 'ECONNABORTED', limit: '–', phase: '–' });
    expect((await eventTypes()).sort()).toEqual(['attempt', 'call', 'timeout']);
  });

  it('tells of silence in Node that it was the reading', async () => {
    await open();
    await play('Node backend', 'stall');
    expect(await facts('breakwater')).toMatchObject({ limit: 'read', phase: 'response', kind: 'read', limitMs: '2\u202f000\u00a0ms' });
    expect(await page.locator('#lane-breakwater .message').textContent()).toContain('timeout.read of 2000 ms ran out');
    expect(await page.locator('[data-look="limit"] .note').textContent()).toBe('read limit');
    expect(await bars('axios')).toEqual(['call']);
    expect(await page.locator('#lane-axios .message').textContent()).toBe('timeout of 3000ms exceeded');
    const record = JSON.parse(await page.locator('#events li[data-type="timeout"] pre').evaluate((pre) => pre.textContent ?? ''));
    expect(record).toMatchObject({ limit: 'read', phase: 'response', outcome: 'timeout', timings: { response: expect.any(Number) } });
  });

  it('tells of a black hole in Node that it was the connecting', async () => {
    await open();
    await play('Node backend', 'black-hole');
    expect(await facts('breakwater')).toMatchObject({ limit: 'connect', phase: 'tcp', kind: 'connect', safeToRetry: 'true' });
    expect(await bars('breakwater')).toEqual(expect.arrayContaining(['tcp', 'limit']));
  });

  it('says so where stock axios is still waiting, and stops watching', async () => {
    await open();
    await play('Node backend', 'proxy-silence');
    expect(await facts('breakwater')).toMatchObject({ limit: 'connect', phase: 'proxy', kind: 'connect' });
    expect(await headline('axios')).toMatch(/^Still waiting after/);
    expect(await page.locator('[data-lane="axios"] .note').textContent()).toBe('still waiting');
  });

  it('takes the limits from the form, the folded ones too', async () => {
    await open();
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

  it('runs from the keyboard, stops with Escape, and goes back in the history', async () => {
    await open();
    await page.locator('input[value="stall"]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.keyboard.press('Escape');
    await runOver();
    expect(await headline('breakwater')).toMatch(/^Stopped by you/);
    expect(await headline('axios')).toMatch(/^Stopped by you/);

    await page.locator('#status').evaluate((status) => status.replaceChildren());
    await page.locator('input[value="stall"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByLabel('read', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#run-title', { hasText: 'Headers without an end' }).waitFor();
    await runOver();
    await page.locator('#history button').nth(1).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#run-title').textContent()).toBe('Headers never come');
    expect(await page.locator('#history button').nth(1).getAttribute('aria-pressed')).toBe('true');
    expect(
      await page
        .locator('#history button')
        .nth(1)
        .evaluate((button) => button === document.activeElement),
    ).toBe(true);
  });

  it('offers every fault, and in the browser those that it can reach, with the reason for the others', async () => {
    await open();
    const radios = page.locator('input[name="fault"]');
    const names = await radios.evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
    expect(names.sort()).toEqual(FAULTS.map(({ name }) => name).sort());
    expect(await page.locator('input[name="fault"]:disabled').count()).toBe(0);
    await page.getByText('This browser', { exact: true }).click();
    const disabled = await page
      .locator('.fault:has(input:disabled)')
      .evaluateAll((labels) => labels.map((label) => [label.querySelector('input')?.value, label.querySelector('em')?.textContent]));
    expect(disabled.map(([name]) => name).sort()).toEqual(
      FAULTS.filter((fault) => !fault.browser)
        .map(({ name }) => name)
        .sort(),
    );
    for (const [, why] of disabled) expect(why).toMatch(/^Not from here: .+\.$/);
  });

  it('moves on from a fault that the browser cannot reach', async () => {
    await open();
    await choose('Node backend', 'dns-hang');
    await page.getByText('This browser', { exact: true }).click();
    expect(await page.locator('input[value="black-hole"]').isChecked()).toBe(true);
  });

  it('fits a phone', async () => {
    await open({ viewport: { width: 375, height: 740 } });
    await play('Node backend', 'refused');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await page.locator('#run-title').evaluate((title) => title.getBoundingClientRect().top < innerHeight)).toBe(true);
  });

  it('names the script-tag build with its integrity', async () => {
    await open();
    const hash = createHash('sha384').update(await readFile(new URL('../../dist/breakwater.min.js', import.meta.url)));
    const script = page.locator('script[src$="breakwater.min.js"]');
    expect(await script.getAttribute('integrity')).toBe(`sha384-${hash.digest('base64')}`);
    expect(await page.locator('#refused').isHidden()).toBe(true);
  });
});

describe('a script-tag build that was changed', () => {
  it('is refused by the browser, and the page says so', async () => {
    const before = (page: Page) =>
      page.route('**/breakwater.min.js', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${await response.text()} ` });
      });
    await open({ before, expectProblems: true });
    expect(await page.evaluate('typeof Breakwater')).toBe('undefined');
    expect(problems.join()).toContain('integrity');
    expect(await page.locator('#refused').isVisible()).toBe(true);
    expect(await page.getByLabel('This browser').isDisabled()).toBe(true);
    await play('Node backend', 'healthy');
    expect(await headline('breakwater')).toMatch(/^200 after/);
  });
});

describe('the server', () => {
  it('answers no other name, and has no other file', async () => {
    const { port } = new URL(playground.url());
    const socket = createConnection(Number(port), '127.0.0.1').end('GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
    for (const path of ['package.json', 'page/%2e%2e/server.mjs', 'server.mjs', 'api/nothing']) {
      expect((await fetch(playground.url() + path)).status, path).toBe(404);
    }
    const unknown = await fetch(`${playground.url()}api/run`, { method: 'POST', body: '{"fault":"no-such-fault"}' });
    expect(unknown.status).toBe(400);
  });

  it('ends at SIGTERM, with runs in progress, and leaves no process behind', async () => {
    const { child, url } = await startServer({ detached: true });
    const run = (fault: string) =>
      fetch(`${url}api/run`, { method: 'POST', body: JSON.stringify({ fault, timeout: [20_000, 20_000], deadline: 30_000 }) });
    const answers = await Promise.all(['stall', 'black-hole', 'body-drip', 'http2-stall', 'proxy-silence', 'never-reads'].map(run));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const bodies = answers.map((answer) => answer.text().catch(() => 'cut'));
    expect(await endServer(child)).toEqual({ code: 0, signal: null });
    await Promise.all(bodies);
    await expect(fetch(url)).rejects.toThrow();
    expect(() => process.kill(-Number(child.pid), 0)).toThrow('ESRCH'); // its group is empty
  });
});
