// Makes one call after the other: a scenario, and on top of it by chance an abort, a deadline, retries, limits, a stream, a fallback.

import axios from 'axios';
import { createClient, withDeadline } from 'breakwater';
import { endingOf } from './ledger.mjs';
import { randomFrom } from './random.mjs';
import { scenariosOf } from './scenarios.mjs';
import { readSome } from './streams.mjs';

/** @import { Client, RequestConfig } from 'breakwater' */
/** @import { Ending, Expected } from './ledger.mjs' */
/** @import { Random } from './random.mjs' */
/** @import { Scenario } from './scenarios.mjs' */

/** Milliseconds that a stand-in of the user's may take beyond a deadline that is spent. */
const GRACE = 1_000;

export class Traffic {
  #random;
  #ledger;
  #scenarios;
  #lab;
  #n = 0;
  /** Streams that are being read. */
  reading = 0;
  shared = new AbortController();
  sharedToken = axios.CancelToken.source();
  beacons = { made: 0, accepted: 0 };

  /**
   * @param {number} seed
   * @param {import('./ledger.mjs').Ledger} ledger
   * @param {import('./lab.mjs').Lab} lab
   * @param {Record<'http' | 'https', import('node:http').Agent>} agents
   */
  constructor(seed, ledger, lab, agents) {
    this.#random = randomFrom(seed);
    this.#ledger = ledger;
    this.#lab = lab;
    this.#scenarios = scenariosOf(lab, agents);
    const options = /** @type {const} */ ({
      proxy: false,
      breaker: { window: 2_000, minCalls: 10, openFor: 150, maxOpenFor: 600, burst: { window: 1_000, minCalls: 5 } },
      retry: { baseDelay: 5, maxDelay: 20, maxRetryAfter: 20 },
      beacons: { timeout: 100, stopFor: 200 },
      alerts: { frequent: { rate: 0.01, timeouts: 5 } },
    });
    this.client = createClient(options);
    this.switched = createClient(options);
    for (const client of [this.client, this.switched]) this.#watch(client);
  }

  get scenarios() {
    return this.#scenarios;
  }

  /** @param {Client} client */
  #watch(client) {
    client.on('call', (record) => this.#ledger.told(record));
    client.on('attempt', ({ attempt }) => attempt > 0 && this.#ledger.attemptTold());
    client.on('*', () => {
      throw new Error('a broken handler');
    });
    client.interceptors.request.use(async (config) => config);
  }

  /** Fills whatever keeps things up to a bound, so that what grows afterwards has none. */
  async fill() {
    for (const scenario of this.#scenarios) await this.#call(this.#random, scenario); // known by their own names, before those that are not
    /** @type {import('axios').AxiosAdapter} */
    const adapter = async (config) => ({ data: {}, status: 200, statusText: '', headers: {}, config });
    for (let n = 0; n < 2_500; n++) {
      const policies = { limit: { rate: 1e6, concurrency: 10 }, fallback: { staleFor: 60_000 } };
      const config = { url: `http://fill.test/${this.#random.letters(8)}`, adapter, ...policies };
      await this.#issue(this.#random, this.client, { scenario: 'fill', endings: ['ok'], within: 5_000, isTold: true }, config);
    }
  }

  /** One call, and what is done beside it. Resolves when it is over, its stream read. */
  async next() {
    // Chance of its own, so that what befalls one call does not depend on how fast the others are.
    const random = randomFrom(this.#random.int(0, 2 ** 32 - 1));
    if (random.percent(2)) this.#beacon(random);
    if (random.percent(0.5)) this.#operate(random);
    if (random.percent(0.1)) return this.#shortLived(random);
    if (random.percent(2)) return this.#killSwitch(random);
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
    also(50, { breaker: false });
    if (config.breaker !== false) endings.push('cut');
    also(30, { retry: random.int(0, 3) });
    also(8, { limit: { concurrency: 3, maxQueue: 3, maxWait: 30 } }, 'limited');
    also(4, { limit: { rate: 200, burst: 20, maxQueue: 5 } }, 'limited');
    also(5, { endpoint: random.one(['one', 'other']) });
    also(15, { signal: this.shared.signal });
    also(5, { cancelToken: this.sharedToken.token });
    also(scenario.plain ? 10 : 0, { adapter: 'fetch' });
    also(3, { fallback: { value: 'a stand-in' } }, 'stale');
    also(2, { fallback: { use: () => new Promise(() => {}) } });
    also(3, { fallback: { staleFor: 1_000 } }, 'stale');
    also(8, { signal: abortSoon(random) }, 'canceled');
    also(1, { signal: AbortSignal.abort() }, 'canceled');
    const streams = scenario.must?.[0] !== 'timeout' && scenario.name !== 'reset in the body' && random.percent(10);
    if (streams) Object.assign(config, { responseType: 'stream', timeout: { total: 1_000 } });

    const within = deadline + (typeof config.fallback === 'object' && config.fallback.use ? GRACE : 0);
    const issue = () => this.#issue(random, this.client, { scenario: scenario.name, endings, within, isTold: true }, config);
    if (!random.percent(10)) return issue();
    // The scope's own end is a second one, which is not the call's.
    return withDeadline(random.int(50, 800), issue).catch(() => {});
  }

  /** @param {Random} random @param {Client} client @param {Expected} expected @param {RequestConfig} config */
  async #issue(random, client, expected, config) {
    const trace = random.hex(32).replace(/^0/, '1');
    this.#ledger.begin(trace, expected);
    try {
      const response = await client.request({ ...config, headers: { traceparent: `00-${trace}-00000000000000ff-01` } });
      this.#ledger.end(trace, 'fallback' in response ? 'stale' : 'ok');
      this.#checkAnswer(trace, config, response);
      await this.#read(response, random);
    } catch (error) {
      this.#ledger.end(trace, endingOf(error), error);
      await this.#read(/** @type {{ response?: { data?: unknown } }} */ (error).response, random);
    }
  }

  /** @param {{ data?: unknown } | undefined} response @param {Random} random */
  async #read(response, random) {
    this.reading++;
    await readSome(response?.data, random);
    this.reading--;
  }

  /** An answer is to be that of its own call. @param {string} trace @param {RequestConfig} config @param {import('axios').AxiosResponse} response */
  #checkAnswer(trace, { responseType }, response) {
    const { data } = response;
    if ('fallback' in response || responseType || typeof data?.headers !== 'object') return;
    if (!String(data.headers.traceparent).includes(trace)) this.#ledger.violated('the answer of another call', data.path);
  }

  /** @param {Random} random */
  #beacon(random) {
    const to = random.one(['healthy', 'healthy', 'stall', 'refused', 'no URL']);
    this.beacons.made++;
    const url = to === 'no URL' ? 'http://bad host/' : /** @type {import('./lab.mjs').Place} */ (this.#lab.at[to]).url;
    const options = random.percent(30) ? { batch: { size: 5, interval: 50 } } : {};
    if (this.client.beacon(url, { n: this.#n, text: random.letters(100) }, options)) this.beacons.accepted++;
  }

  /** An operator at the breakers. @param {Random} random */
  #operate(random) {
    const { breakers } = this.client;
    const list = breakers.list();
    const endpoint = list.length ? random.one(list).endpoint : 'one';
    const does = random.int(0, 9);
    if (does === 0) return breakers.reset(endpoint);
    if (does < 4) return breakers.close(endpoint);
    const release = breakers.open(endpoint);
    setTimeout(release, random.int(5, 200)).unref();
  }

  /** A client that lives for one call. @param {Random} random */
  async #shortLived(random) {
    const client = createClient({ proxy: false, retry: false });
    this.#watch(client);
    const { url } = /** @type {import('./lab.mjs').Place} */ (this.#lab.at.healthy);
    const expected = { scenario: 'short-lived client', endings: /** @type {const} */ (['ok', 'timeout']), within: 2_000, isTold: true };
    await this.#issue(random, client, expected, { url, deadline: 2_000 });
    client.beacon(url, 'bye');
    await client.close();
  }

  /** The kill switch, thrown with calls under way. @param {Random} random */
  async #killSwitch(random) {
    if (random.percent(20)) this.switched[random.one(/** @type {const} */ (['disable', 'enable']))]();
    const { url } = /** @type {import('./lab.mjs').Place} */ (this.#lab.at.healthy);
    const expected = { scenario: 'kill switch', endings: /** @type {const} */ (['ok', 'timeout', 'cut']), within: 2_000, isTold: false };
    await this.#issue(random, this.switched, expected, { url, deadline: 2_000 });
  }
}

/** @param {Random} random */
function abortSoon(random) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), random.int(0, 120)).unref();
  return controller.signal;
}
