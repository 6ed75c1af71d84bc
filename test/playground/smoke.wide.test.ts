// The dashboard in Firefox and in WebKit, where they are installed: an outage is played from the browser, and the page shows it.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endServer, startServer } from './page-support';
import { STARTS } from './smoke-support';

let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => endServer(server.child));

const SOON = { timeout: 30_000, interval: 200 };

const count = (selector: string) => `return document.querySelectorAll('${selector}').length;`;
const text = (selector: string) => `return document.querySelector('${selector}')?.textContent ?? '';`;

describe.each(STARTS)('%s', (_, start) => {
  it.runIf(start)('plays an outage', async () => {
    const driver = await (start as NonNullable<typeof start>)();
    onTestFinished(() => driver.close());
    const soon = (script: string) => expect.poll(() => driver.run(script), SOON);

    await driver.go(server.url);
    await soon(text('#stage-title')).toBe('Nothing runs yet');
    await soon('return document.body.dataset.ready;').toBe('true');
    await driver.run(`window.problems = []; addEventListener('error', ({ message }) => problems.push(message));`);
    await driver.run(`document.querySelector('.scenarios button').click();`);
    await soon(count('#lane-breakwater [data-ending="ok"]')).toBeGreaterThan(0);
    await soon(text('#breakers li b')).toMatch(/^open \d/);
    await soon(count('#alerts tbody tr')).toBe(5);
    await soon(`return Number(document.querySelector('#waiting-axios').textContent);`).toBeGreaterThan(20);
    expect(await driver.run(count('.chart canvas'))).toBe(3);
    expect(await driver.run('return document.documentElement.scrollWidth <= innerWidth;')).toBe(true);
    expect(await driver.run('return problems;')).toEqual([]);
  });
});
