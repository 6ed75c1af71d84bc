// Makes one call after the other: a scenario plus, at random, an abort, a deadline, retries, limits, a stream, a fallback.

import axios from 'axios';
import { createClient, isTimeout, withDeadline } from 'breakwater';
import { Beside } from './beside.mjs';
import { endingOf } from './ledger.mjs';
import { randomFrom } from './random.mjs';
import { scenariosOf } from './scenarios.mjs';
import { readSome } from './streams.mjs';

/** @import { Client, RequestConfig } from 'breakwater' */
/** @import { Ending, Expected } from './ledger.mjs' */
/** @import { Random } from './random.mjs' */
/** @import { Scenario } from './scenarios.mjs' */

/** How many milliseconds a user's fallback may take beyond a spent deadline. */
const GRACE = 1_000;
/** A fallback that never settles. */
const HANGS = () => new Promise(() => {});

export class Traffic {
  #random;
  #ledger;
  #scenarios;
  #n = 0;
  /** How many streams are being read. */
  reading = 0;
  #beside;
  shared = new AbortController();
  sharedToken = axios.CancelToken.source();

  /**
   * @param {number} seed
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {import('./lab.mjs').Lab} lab
   * @param {import('./scenarios.mjs').Agents} agents
   */
  constructor(seed, ledger, lab, agents) {
    this.#random = randomFrom(seed);
    this.#ledger = ledger;
    this.#scenarios = scenariosOf(lab, agents);
    const options = /** @type {const} */ ({
      proxy: false,
      breaker: { window: 2_000, minCalls: 10, openFor: 150, maxOpenFor: 600, burst: { window: 1_000, minCalls: 5 } },
      retry: { baseDelay: 5, maxDelay: 20, maxRetryAfter: 20 },
      beacons: { timeout: 250, stopFor: 200 },
      alerts: { frequent: { rate: 0.01, timeouts: 5 } },
    });
    this.client = createClient(options);
    this.switched = createClient(options);
    for (const client of [this.client, this.switched]) this.watch(client);
    this.#beside = new Beside(this, ledger, lab);
  }

  get beacons() {
    return this.#beside.beacons;
  }

  get scenarios() {
    return this.#scenarios;
  }

  /** @param {Client} client */
  watch(client) {
    this.#ledger.watch(client);
    client.on('*', () => {
      throw new Error('a broken handler');
    });
    client.interceptors.request.use(async (config) => config);
  }

  /** Fills everything bounded, so that whatever grows afterwards is unbounded. */
  async fill() {
    for (const scenario of this.#scenarios) await this.#call(this.#random, scenario); // first, so that these get entries of their own
    /** @type {import('axios').AxiosAdapter} */
    const adapter = async (config) => ({ data: {}, status: 200, statusText: '', headers: {}, config });
    for (let n = 0; n < 2_500; n++) {
      const policies = { limit: { rate: 1e6, concurrency: 10 }, fallback: { staleFor: 60_000 } };
      const config = { url: `http://fill.test/${this.#random.letters(8)}`, adapter, ...policies };
      await this.issue(this.#random, this.client, { scenario: 'fill', endings: ['ok'], within: 5_000, isTold: true }, config);
    }
  }

  /** Makes one call and whatever goes beside it. Resolves when it is over and its stream read. */
  async next() {
    // Each call has its own randomness, so that what happens to it does not depend on how fast the others are.
    const random = randomFrom(this.#random.int(0, 2 ** 32 - 1));
    if (random.percent(3)) this.#beside.beacon(random);
    if (random.percent(0.5)) this.#beside.operate(random);
    if (random.percent(0.1)) return this.#beside.shortLived(random);
    if (random.percent(2)) return this.#beside.killSwitch(random);
    return this.#call(random, random.weighted(this.#scenarios));
  }

  /** @param {Random} random @param {Scenario} scenario */
  async #call(random, scenario) {
    const n = ++this.#n;
    const deadline = random.int(150, 1_500);
    const config = { ...scenario.config(random, n), deadline };
    /** @type {Ending[]} */
    const endings = [...scenario.endings, 'timeout'];
    const also = (/** @type {number} */ share, /** @type {RequestConfig} */ options, /** @type {Ending[]} */ ...more) => {
      if (!random.percent(share)) return;
      Object.assign(config, options);
      endings.push(...more);
    };
    also(scenario.name === 'flaps' ? 0 : 50, { breaker: false });
    if (config.breaker !== false) endings.push('cut');
    also(30, { retry: random.int(0, 3) });
    also(8, { limit: { concurrency: random.int(1, 3), maxQueue: random.int(0, 3), maxWait: 30 } }, 'limited');
    also(4, { limit: { rate: 2, burst: 1, maxQueue: 1, maxWait: 100 } }, 'limited');
    also(5, { endpoint: random.one(['one', 'other']) });
    also(15, { signal: this.shared.signal });
    also(5, { cancelToken: this.sharedToken.token });
    also(scenario.plain ? 10 : 0, { adapter: 'fetch' });
    also(3, { fallback: { value: 'a stand-in' } }, 'stale');
    also(3, { fallback: { use: async () => 'made' } }, 'stale');
    also(2, { fallback: { use: HANGS } });
    also(3, { fallback: { staleFor: 1_000 } }, 'stale');
    also(8, { signal: abortSoon(random) }, 'canceled');
    also(1, { signal: AbortSignal.abort() }, 'canceled');
    // Only if the outcome is known before the body.
    const streams = scenario.must !== undefined && scenario.must[0] !== 'timeout' && random.percent(10);
    if (streams) Object.assign(config, { responseType: 'stream', timeout: { total: 1_000 } });

    const isOwn = !config.httpAgent && !config.httpVersion && config.adapter !== 'fetch';
    this.#ledger.seen.add(isOwn ? 'agents own' : 'agents other');

    const grace = typeof config.fallback === 'object' && config.fallback.use === HANGS ? GRACE : 0;
    const { name, answer } = scenario;
    const issue = (/** @type {number} */ most) => {
      const within = Math.min(deadline, most);
      return this.issue(random, this.client, { scenario: name, endings, within, grace, isTold: true, isStream: streams, answer }, config);
    };
    return random.percent(10) ? this.#scope(random, issue) : issue(Infinity);
  }

  /** Runs within a deadline besides the call's: the earlier one must apply, and the scope must end by its own, whatever happens inside. */
  async #scope(/** @type {Random} */ random, /** @type {(most: number) => Promise<void>} */ issue) {
    const { scopes, seen } = this.#ledger;
    const within = random.int(50, 800);
    const hangs = random.percent(20);
    const startedAt = performance.now();
    let isOver = false;
    try {
      await withDeadline(within, async () => {
        await issue(within - (performance.now() - startedAt));
        isOver = true;
        if (hangs) await new Promise(() => {});
      });
      scopes.ended('a scope', { startedAt, within });
      seen.add('scope ended-with-its-call');
    } catch (error) {
      scopes.ended('a scope', { startedAt, within }, error);
      seen.add(`scope ${isOver ? 'ended-by-itself' : 'outlasted-by-its-call'}`);
      if (!isTimeout(error) || error.limit !== 'deadline') this.#ledger.violated('a scope that fails as it cannot', String(error));
    }
  }

  /** @param {Random} random @param {Client} client @param {Expected} expected @param {RequestConfig} config */
  async issue(random, client, expected, config) {
    const trace = random.hex(32).replace(/^0/, '1');
    this.#ledger.begin(trace, expected);
    try {
      const response = await client.request({ ...config, headers: { traceparent: `00-${trace}-00000000000000ff-01` } });
      this.#ledger.end(trace, 'fallback' in response ? 'stale' : 'ok');
      this.#checkAnswer(trace, config, response, expected.answer);
      await this.#read(response, random);
    } catch (error) {
      this.#ledger.end(trace, endingOf(error), error);
      await this.#read(/** @type {{ response?: { data?: unknown } }} */ (error).response, random);
    }
  }

  /** @param {{ data?: unknown } | undefined} response @param {Random} random */
  async #read(response, random) {
    this.reading++;
    await readSome(response?.data, random, (way) => this.#ledger.seen.add(`stream ${way}`));
    this.reading--;
  }

  /** @param {string} trace @param {RequestConfig} config @param {import('axios').AxiosResponse} response @param {string} [answer] */
  #checkAnswer(trace, { responseType }, response, answer) {
    const { data } = response;
    if ('fallback' in response || responseType) return;
    if (answer !== undefined && data !== answer) this.#ledger.violated('an answer that nobody asked for', String(data));
    // An echo must be that of its own call.
    if (typeof data?.headers === 'object' && !String(data.headers.traceparent).includes(trace))
      this.#ledger.violated('the answer of another call', data.path);
  }
}

/** @param {Random} random */
function abortSoon(random) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), random.int(0, 120)).unref();
  return controller.signal;
}
