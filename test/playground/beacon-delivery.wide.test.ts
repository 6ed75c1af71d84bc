// What arrives of the beacons a page made before it went away, counted by the server: by navigation and by closing the tab.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { BeaconStats } from '../../src/index';
import { open, posts, site, until, withBrowser } from './beacon-support';

withBrowser();

const rows: string[] = [];
const HEAD = [
  '| end | beacons | batched | waiting at the end | on their way | arrived | lost | twice |',
  '|---|---|---|---|---|---|---|---|',
];
afterAll(() => console.info([...HEAD, ...rows].join('\n')));

describe.each(['navigation', 'tab closed'] as const)('%s', (end) => {
  describe.each([true, false])('batched: %s', (batched) => {
    // 99: a queue that is full sends its batch, whose request could be lost as any that is on its way.
    it.each([1, 20, 99])('all that waits of %i arrives, once', async (beacons) => {
      // Slow enough that all but two requests still wait when the page ends.
      const collector = await site((_, response) => void setTimeout(() => response.writeHead(204).end(), 300));
      const home = await site();
      const { page, context } = await open(home.url);
      await page.evaluate(
        ([url, beacons, batched]) => {
          // Before the channel listens, so that it sees what the channel is about to hand over.
          addEventListener('pagehide', () => localStorage.setItem('stats', JSON.stringify(window.api.beacons.stats())), true);
          for (let i = 0; i < beacons; i++) window.api.beacon(url, { event: i }, { batch: batched && { size: 200 } });
        },
        [`${collector.url}/c`, beacons, batched] as const,
      );
      if (end === 'navigation') await page.goto(`${home.url}/next`);
      else await page.close({ runBeforeUnload: true });
      const arrived = (): number[] =>
        posts(collector).flatMap(({ body }) => [JSON.parse(body) as { event: number }].flat().map(({ event }) => event));
      const isThere = (): boolean => arrived().length >= beacons;
      await until(isThere, 40_000); // Chromium itself gives up after 30 s
      await sleep(200); // what comes twice comes later

      const next = await context.newPage();
      await next.goto(home.url);
      const stats = JSON.parse((await next.evaluate(() => localStorage.getItem('stats'))) ?? '{}') as BeaconStats;
      const once = new Set(arrived()).size;
      const twice = arrived().length - once;
      const lost = beacons - once;
      rows.push(`| ${[end, beacons, batched ? 'yes' : 'no', stats.queued, stats.inFlight, once, lost, twice].join(' | ')} |`);
      expect(stats.queued).toBeGreaterThanOrEqual(batched ? beacons : 0);
      expect(twice).toBe(0);
      // Nothing that waits is lost. What is on its way already is the network's, and a page that ends may take it along.
      expect(lost).toBeLessThanOrEqual(stats.inFlight);
    });
  });
});
