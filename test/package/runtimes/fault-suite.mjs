// The fault suite without a test runner, for Nodes that have none here: the table of test/node/faults.test.ts against an installed build.
// Prints what ran and what failed as JSON; it must then end by itself.
import assert from 'node:assert/strict';
import { FAULTS, startLab } from '../../lab/index.mjs';
import { INSTEAD, LIMITS, OTHER_ERRORS, UNDISTURBED } from '../../node/fault-table.mjs';

/** @typedef {Pick<typeof import('../../../src/index.ts'), 'createClient' | 'isTimeout'>} Breakwater */
/** @typedef {import('../../../src/index.ts').TimeoutOptions} TimeoutOptions */
/** @typedef {{ name: string, timeout: TimeoutOptions, limit: keyof TimeoutOptions, phase?: string | undefined, kind?: string | undefined }} Case */

/** Far beyond any limit of the table, well below "never". */
const GENEROUS = 5_000; // ms

/** @type {Case[]} */
const TIMEOUTS = [
  ...FAULTS.flatMap(({ name, expect }) => (expect ? [{ name, timeout: LIMITS, ...expect }] : [])),
  ...INSTEAD.map(([name, timeout, limit, phase]) => ({ name, timeout, limit, phase })),
];

/**
 * @param {Breakwater} breakwater The build under test.
 * @param {string[]} [without] Upstreams that cannot be had on this runtime; what needs them is counted as left out.
 */
export async function runFaults({ createClient, isTimeout }, without = []) {
  const lab = await startLab({ only: FAULTS.map(({ name }) => name).filter((name) => !without.includes(name)) });
  const tally = { ran: 0, leftOut: 0, failed: /** @type {string[]} */ ([]) };
  /**
   * @param {string} name
   * @param {TimeoutOptions} timeout
   * @param {(client: ReturnType<typeof createClient>) => Promise<void>} check
   * @param {string} [what]
   */
  const run = async (name, timeout, check, what = name) => {
    if (without.includes(name)) {
      tally.leftOut += 1;
      return;
    }
    const client = createClient({ timeout, retry: false, breaker: false });
    tally.ran += 1;
    await check(client).catch((error) => tally.failed.push(`${what}: ${error.message}`));
    await client.close();
  };

  for (const { name, timeout, limit, phase, kind } of TIMEOUTS) {
    const meet = async (/** @type {ReturnType<typeof createClient>} */ client) => {
      const limitMs = Number(timeout[limit]);
      const upstream = lab.upstream(name);
      upstream.reset();
      const records = /** @type {unknown[]} */ ([]);
      client.on('attempt', (record) => records.push([record.outcome, record.limit, record.phase]));
      const startedAt = performance.now();
      const error = await client.request(lab.request(name)).then(
        () => undefined,
        (reason) => reason,
      );
      const took = performance.now() - startedAt;
      assert(isTimeout(error), `ended with ${error}`);
      assert.deepEqual([error.limit, error.limitMs, error.code, error.attempts], [limit, limitMs, 'ETIMEDOUT', 1]);
      assert.equal(error.phase, phase);
      if (kind) assert.equal(error.kind, kind);
      assert(error.elapsed >= limitMs && took >= limitMs, `was early: ${error.elapsed} of ${limitMs} ms`);
      assert(took < limitMs + GENEROUS, `was late: ${took} ms instead of ${limitMs}`);
      assert.deepEqual(records, [['timeout', limit, phase]]);
      if (upstream.connections > 0) await upstream.closed(1, GENEROUS);
    };
    await run(name, timeout, meet, `${name} by ${limit}`);
  }
  for (const name of UNDISTURBED.names) {
    await run(name, UNDISTURBED.limits, async (client) => assert.equal((await client.request(lab.request(name))).status, 200));
  }
  for (const [name, code] of OTHER_ERRORS) {
    await run(name, LIMITS, (client) => assert.rejects(client.request(lab.request(name)), { code }));
  }
  await lab.close();
  console.log(JSON.stringify(tally));
}
