// The page of one call beside its runs: the keyboard, a phone, which faults there are, which build. And what the server does at its edges.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../lab/index.mjs';
import { onePage } from './call-support';
import { endServer, startServer } from './page-support';

const { url, open, problems, play, choose, runOver, headline } = onePage();

describe('the page of one call', () => {
  it('runs from the keyboard, stops with Escape, and goes back in the history', async () => {
    const page = await open();
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
    await page.getByLabel('total', { exact: true }).fill('1000');
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

  it('shows which limit is invalid, though it is folded away', async () => {
    const page = await open();
    await page.getByText('More limits').click();
    await page.getByLabel('body', { exact: true }).fill('0');
    await page.getByText('More limits').click();
    await page.getByRole('button', { name: 'Run' }).click();
    expect(await page.getByLabel('body', { exact: true }).evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await page.getByLabel('body', { exact: true }).isVisible()).toBe(true);
  });

  it('offers every fault, and in the browser those that it can reach, with the reason for the others', async () => {
    const page = await open();
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
    const page = await open();
    await choose('Node backend', 'dns-hang');
    await page.getByText('This browser', { exact: true }).click();
    expect(await page.locator('input[value="black-hole"]').isChecked()).toBe(true);
  });

  it('fits a phone', async () => {
    const page = await open({ viewport: { width: 375, height: 740 } });
    await play('Node backend', 'refused');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await page.locator('#run-title').evaluate((title) => title.getBoundingClientRect().top < innerHeight)).toBe(true);
  });

  it('names the script-tag build with its integrity', async () => {
    const page = await open();
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
    const page = await open({ before, expectProblems: true });
    expect(await page.evaluate('typeof Breakwater')).toBe('undefined');
    expect(problems().join()).toContain('integrity');
    expect(await page.locator('#refused').isVisible()).toBe(true);
    expect(await page.getByLabel('This browser').isDisabled()).toBe(true);
    await play('Node backend', 'healthy');
    expect(await headline('breakwater')).toMatch(/^200 after/);
  });
});

describe('the server', () => {
  it('answers no other name, and has no other file', async () => {
    const { port } = new URL(url());
    const socket = createConnection(Number(port), '127.0.0.1').end('GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 403 /);
    for (const path of ['package.json', 'page/%2e%2e/server.mjs', 'server.mjs', 'api/nothing']) {
      expect((await fetch(url() + path)).status, path).toBe(404);
    }
    expect((await fetch(`${url()}/`)).status).toBe(500); // no URL can be made of `//`, and the next request is answered all the same
    const unknown = await fetch(`${url()}api/run`, { method: 'POST', body: '{"fault":"no-such-fault"}' });
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
