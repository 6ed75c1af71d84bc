// What happens beside the calls: beacons, an operator at the breakers, clients that live for one call, the kill switch.

import { createClient } from 'breakwater';

/** @import { Lab, Place } from './lab.mjs' */
/** @import { Ledger } from './ledger.mjs' */
/** @import { Random } from './random.mjs' */
/** @import { Traffic } from './traffic.mjs' */

const LARGE = 'x'.repeat(300_000);
const CIRCLE = { of: /** @type {unknown} */ (undefined) };
CIRCLE.of = CIRCLE;

export class Beside {
  #traffic;
  #ledger;
  #lab;
  #isOff = false;
  beacons = { made: 0, accepted: 0 };

  /** @param {Traffic} traffic @param {Ledger} ledger @param {Lab} lab */
  constructor(traffic, ledger, lab) {
    this.#traffic = traffic;
    this.#ledger = ledger;
    this.#lab = lab;
  }

  /** @param {string} name @param {string} [path] */
  #url(name, path = '') {
    return new URL(path, /** @type {Place} */ (this.#lab.at[name]).url).href;
  }

  /** @param {Random} random */
  beacon(random) {
    const to = random.one(['healthy', 'healthy', 'healthy', 'stall', 'refused', 'garbage', 'error', 'no URL']);
    this.beacons.made++;
    const url = to === 'no URL' ? 'http://bad host/' : to === 'error' ? this.#url('healthy', '/status/500') : this.#url(to);
    const options = random.percent(30) ? { batch: { size: 5, interval: 50 } } : {};
    const data = random.percent(2) ? LARGE : random.percent(2) ? CIRCLE : { text: random.letters(100) };
    if (this.#traffic.client.beacon(url, data, options)) this.beacons.accepted++;
  }

  /** Acts as an operator at the breakers. @param {Random} random */
  operate(random) {
    const { breakers } = this.#traffic.client;
    const list = breakers.list();
    const endpoint = list.length ? random.one(list).endpoint : 'one';
    const does = random.int(0, 9);
    if (does === 0) return breakers.reset(endpoint);
    if (does < 4) return breakers.close(endpoint);
    const release = breakers.open(endpoint);
    setTimeout(release, random.int(5, 200)).unref();
  }

  /** A client that lives for one call. @param {Random} random */
  async shortLived(random) {
    const client = createClient({ proxy: false, retry: false });
    this.#traffic.watch(client);
    const expected = { scenario: 'short-lived client', endings: /** @type {const} */ (['ok', 'timeout']), within: 2_000, isTold: true };
    await this.#traffic.issue(random, client, expected, { url: this.#url('healthy'), deadline: 2_000 });
    client.beacon(this.#url('healthy'), 'bye');
    await client.close();
  }

  /** Flips the kill switch while calls are in flight. A call made while the client is disabled has no deadline. @param {Random} random */
  async killSwitch(random) {
    const { switched } = this.#traffic;
    if (random.percent(20)) {
      this.#isOff = random.percent(50);
      switched[this.#isOff ? 'disable' : 'enable']();
      this.#ledger.seen.add(`kill switch ${this.#isOff ? 'off' : 'on'}`);
    }
    const within = this.#isOff ? Infinity : 2_000;
    const expected = { scenario: 'kill switch', endings: /** @type {const} */ (['ok', 'timeout', 'cut']), within, isTold: !this.#isOff };
    await this.#traffic.issue(random, switched, expected, { url: this.#url('healthy'), deadline: 2_000 });
  }
}
