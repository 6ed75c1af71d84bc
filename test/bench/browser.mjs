// The benchmark in a page: Breakwater beside axios' own fetch and XHR adapters in Chromium, against a server in a process of its own.
// Rounds are interleaved, so that other load on the machine affects all alike; what counts is the ratio to axios' fetch adapter, as the
// median of the rounds. Needs `npm run build`. `--quick` for a short run, `--profile` for where Breakwater's time goes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import { CHROMIUM_FLAGS, ensureChromium } from '../browser/chromium.mjs';
import { profile } from './browser-profile.mjs';

const quick = process.argv.includes('--quick');
const profiled = process.argv.includes('--profile');
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @type {{ name: string, path: string, calls: number, atOnce: number, config?: object }[]} */
const SCENARIOS = [
  ...[1, 6, 50].map((atOnce) => ({ name: `small JSON, ${atOnce} in flight`, path: '/users/42?page=1', calls: 200, atOnce })),
  { name: '1 MB of text, 6 in flight', path: '/large', calls: 24, atOnce: 6 },
  { name: '1 MB of bytes, 6 in flight', path: '/large', calls: 24, atOnce: 6, config: { responseType: 'arraybuffer' } },
];
const ROUNDS = quick ? 9 : 41;

// All of them share one axios, as in a bundled app.
const { outputFiles } = await build({
  entryPoints: [here('browser-page.mjs')],
  bundle: true,
  write: false,
  format: 'esm',
  minify: !profiled,
  logLevel: 'error',
});
const [script] = outputFiles;
const server = fork(here('browser-server.mjs'));
server.send(script?.text ?? '');
const [port] = await once(server, 'message');
const browser = await chromium.launch({ executablePath: ensureChromium(), args: CHROMIUM_FLAGS });
const page = await browser.newPage();
page.on('pageerror', (error) => console.error(error));
const metrics = await page.context().newCDPSession(page);
await metrics.send('Performance.enable', { timeDomain: 'threadTicks' });
await page.goto(`http://127.0.0.1:${port}/page`);

const median = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** CPU time of the page's main thread, in milliseconds. */
async function cpuTime() {
  const { metrics: all } = await metrics.send('Performance.getMetrics');
  return (all.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
}

/** @param {string} lane @param {typeof SCENARIOS[0]} scenario */
async function round(lane, { path, calls, atOnce, config }) {
  const before = await cpuTime();
  /** @type {number} */
  const ms = await page.evaluate(([...args]) => /** @type {any} */ (globalThis).round(...args), [lane, path, calls, atOnce, config ?? {}]);
  return { ms, cpu: (await cpuTime()) - before };
}

/** @type {string[]} */
const lanes = await page.evaluate('laneNames');
if (profiled) {
  for (const scenario of SCENARIOS.slice(0, 3))
    await profile(page, scenario.name, lanes, async (lane) => (await round(lane, { ...scenario, calls: 3_000 })).ms);
} else {
  for (const scenario of SCENARIOS) {
    /** @type {Record<string, Awaited<ReturnType<typeof round>>[]>} */
    const took = Object.fromEntries(lanes.map((lane) => [lane, []]));
    for (let i = -2; i < ROUNDS; i++) {
      // Each lane takes every place in the order equally often.
      const order = lanes.map((_, index) => /** @type {string} */ (lanes[(index + i + 2) % lanes.length]));
      for (const lane of order) {
        const one = await round(lane, scenario);
        if (i >= 0) took[lane]?.push(one);
      }
    }
    const of = (/** @type {string} */ lane, /** @type {'ms' | 'cpu'} */ what) => (took[lane] ?? []).map((one) => one[what]);
    const ratio = (/** @type {string} */ lane, /** @type {'ms' | 'cpu'} */ what) => {
      const first = of(lanes[0] ?? '', what);
      return Number(median(of(lane, what).map((value, i) => (first[i] ?? 0) / value)).toFixed(3));
    };
    const each = (/** @type {number[]} */ values) => Number((median(values) / scenario.calls).toFixed(3));
    const told = (/** @type {string} */ lane) => ({
      '× axios, fetch': ratio(lane, 'ms'),
      '× axios, CPU': ratio(lane, 'cpu'),
      'ms a call': each(of(lane, 'ms')),
      'CPU ms a call': each(of(lane, 'cpu')),
    });
    console.log(`\n${scenario.name}`);
    console.table(Object.fromEntries(lanes.map((lane) => [lane, told(lane)])));
  }
}
await browser.close();
server.kill();
process.exit();
