// Which limit ends which fault, and where: one table for faults.test.ts, and for the run on every Node (test/package/runtimes).

/** For the faults that name in the catalogue what ends them. In milliseconds. */
export const LIMITS = { connect: 300, send: 300, response: 400, read: 250, body: 350, total: 900 };

/** A limit in the place of another: the fault, the limits set, the one that ends it, the phase it is in. */
export const INSTEAD = /** @type {const} */ ([
  ['black-hole', { tcp: 200 }, 'tcp', 'tcp'],
  ['tls-silence', { tls: 200 }, 'tls', 'tls'],
  ['dns-hang', { lookup: 200 }, 'lookup', 'lookup'],
  ['proxy-silence', { proxy: 200 }, 'proxy', 'proxy'],
  ['stall', { response: 200 }, 'response', 'response'],
  ['stall', { total: 200 }, 'total', 'response'],
  ['black-hole', { total: 200 }, 'total', 'tcp'],
  ['body-drip', { total: 250 }, 'total', 'body'],
  ['body-stall', { body: 200, read: false }, 'body', 'body'],
  ['interim-drip', { response: 250, read: 150 }, 'response', 'response'],
  ['header-drip', { response: 250, read: 150 }, 'response', 'response'],
  ['redirect-loop-slow', { total: 540 }, 'total', 'response'],
]);

/** What these limits leave alone. */
export const UNDISTURBED = {
  limits: { connect: 900, read: 500, response: 1_000 },
  names: [
    'healthy',
    'tls-healthy',
    'slow-body',
    'http2-healthy',
    'http2-cleartext',
    'unix-healthy',
    'proxy-healthy',
    'proxy-auth',
    'black-hole-first',
  ],
};

/** Errors at once, which stay what they are: the code of each. */
export const OTHER_ERRORS = /** @type {const} */ ([
  ['refused', 'ECONNREFUSED'],
  ['reset-mid-body', 'ECONNRESET'],
]);
