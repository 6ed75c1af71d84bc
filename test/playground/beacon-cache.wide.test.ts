// The back/forward cache: a page with beacons goes into it, comes back out of it, and goes on.
import { expect, it } from 'vitest';
import { open, posts, site, until, withBrowser } from './beacon-support';

withBrowser({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });

it('keeps a page with beacons, which sends on when it is back', async () => {
  const home = await site();
  const { page } = await open(`${home.url}/first`);
  await page.evaluate(async () => {
    window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }));
    window.api.beacon('/c', 'before');
    await window.api.beacons.flush();
    window.api.beacon('/c', 'on leaving', { batch: true });
  });
  await page.goto(`${home.url}/second`);
  await until(() => posts(home).length === 2);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => (window as { persisted?: boolean }).persisted)).toBe(true);
  await page.evaluate(() => {
    window.api.beacon('/c', 'back');
    window.api.beacon('/c', 'in a batch', { batch: { interval: 100 } });
  });
  await until(() => posts(home).length === 4);
  await page.evaluate(() => void window.api.beacon('/c', 'on leaving again', { batch: true }));
  await page.goto(`${home.url}/third`);
  await until(() => posts(home).length === 5);
  expect(posts(home).map(({ body }) => body)).toEqual(['before', '["on leaving"]', 'back', '["in a batch"]', '["on leaving again"]']);
});
