// What a call leaves behind is garbage that the next minor collection takes: nothing of it moves to the old space, where only a full one would.
import { expect, it } from 'vitest';
import { watchedLab } from './leaks-support';
import { runScript } from './script';

const lab = watchedLab(['healthy', 'tls-healthy']);

const CALLS = 1_500;

/** Bytes. A call leaves about 40 kB; some 300 of each move, as code goes on being optimized. axios' own adapter leaves 9 kB, for a closure. */
const FEW = 1_000;

const KINDS: [what: string, upstream: string, config: string][] = [
  ['a plain request', 'healthy', '{}'],
  ['over TLS', 'tls-healthy', '{ httpsAgent: new (require("node:https").Agent)({ keepAlive: true, rejectUnauthorized: false }) }'],
  ['a stream', 'healthy', '{ responseType: "stream" }'],
];

it.concurrent.each(KINDS)('what a call leaves does not wait for a full collection: %s', async (_what, upstream, config) => {
  const { code, stdout, stderr } = await runScript(
    `const { getHeapSpaceStatistics } = require('node:v8');
    const old = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size;
    const api = createClient({ proxy: false, ...${config} });
    const run = async (calls) => {
      for (let i = 0; i < calls; i++) {
        const { data } = await api.get(url);
        if (data?.resume) await new Promise((resolve) => data.once('close', resolve).resume());
      }
    };
    await run(1_500);
    const before = old();
    await run(${CALLS});
    console.log((old() - before) / ${CALLS});
    await api.close();`,
    lab().url(upstream),
    ['--initial-old-space-size=500'], // MB, so that no full collection comes in between
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(Number(stdout)).toBeLessThan(FEW);
});
