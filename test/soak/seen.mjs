// Counts what happened: a soak in which no breaker closed again, or no beacon was lost, has not tried that.

/** @import { BeaconStats, Client } from 'breakwater' */

/** @param {string} group @param {string} names */
const each = (group, names) => names.split(' ').map((name) => `${group} ${name}`);

/** What a run of the default size must see, whatever the scenario. */
const MUST = [
  ...each('ending', 'ok stale timeout cut limited canceled http network'),
  ...each('timeout, kind', 'queue connect write read unknown'),
  ...each('timeout, phase', 'queue lookup tcp proxy tls send response body waiting'),
  ...each('timeout, limit', 'queue connect lookup tcp proxy tls send response read body total deadline'),
  ...each('breaker', 'closed>open open>half-open half-open>closed half-open>open'),
  ...each('breaker that flaps', 'closed>open open>half-open half-open>closed'),
  ...each('limited by', 'rate concurrency'),
  ...each('fallback', 'stale use value'),
  ...each('retry', 'made retries unsafe permanent deadline budget local'),
  ...each('alert', 'firing'),
  ...each('beacon', 'sent timeout network_error rejected payload_too_large serialize_error invalid_url circuit_open'),
  ...each('scope', 'ended-by-itself ended-with-its-call outlasted-by-its-call'),
  ...each('stream', 'all some none'),
  ...each('kill switch', 'on off'),
];
/** The least share of calls with the client's own agents. */
const OWN_AGENTS = 0.5;

export class Seen {
  /** @type {Map<string, number>} */
  counts = new Map();

  /** @param {string} what */
  add(what, count = 1) {
    this.counts.set(what, (this.counts.get(what) ?? 0) + count);
  }

  /** @param {string} what */
  of(what) {
    return this.counts.get(what) ?? 0;
  }

  /** @param {Client} client */
  watch(client) {
    client.on('timeout', ({ kind, phase, limit }) => {
      this.add(`timeout, kind ${kind}`);
      this.add(`timeout, phase ${phase}`);
      this.add(`timeout, limit ${limit}`);
    });
    client.on('breaker', ({ endpoint, from, to }) => this.add(`breaker${endpoint === 'flapping' ? ' that flaps' : ''} ${from}>${to}`));
    client.on('limited', ({ limit }) => this.add(`limited by ${limit}`));
    client.on('fallback', ({ kind }) => this.add(`fallback ${kind}`));
    client.on('retry', ({ reason }) => this.add(`retry ${reason ?? 'made'}`));
    client.on('alert', ({ status }) => this.add(`alert ${status}`));
  }

  /** @param {BeaconStats} stats */
  beacons({ sent, dropped }) {
    this.add('beacon sent', sent);
    for (const [reason, count] of Object.entries(dropped)) this.add(`beacon ${reason}`, count);
  }

  get ownAgents() {
    return this.of('agents own') / (this.of('agents own') + this.of('agents other'));
  }

  /** What should have happened and did not. @returns {string[]} */
  missing() {
    const missing = MUST.filter((what) => !this.of(what));
    if (!(this.ownAgents >= OWN_AGENTS)) missing.push(`own agents: only ${Math.round(100 * this.ownAgents)} % of the calls`);
    return missing;
  }
}
