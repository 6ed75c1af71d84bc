// A bad option fails early and clearly: clients throw when they are made, a request rejects before anything is sent.
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as breakwater from '../../src/index';
import { type Client, type ClientConfig, createClient, type Policies, protect, type RequestConfig } from '../bare';
import { startLab } from '../lab/index.mjs';
import { failureOf } from './failures';

let lab: Awaited<ReturnType<typeof startLab>>;
let client: Client;
let warn: ReturnType<typeof vi.spyOn>;

beforeAll(async () => {
  lab = await startLab({ only: ['healthy', 'stall'] });
});
afterAll(() => lab.close());
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  lab.upstream('healthy').reset();
  client = createClient({ proxy: false });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await client.close();
});

const BAD: [option: string, shown: string, policies: unknown][] = [
  ['timeout', '-1', { timeout: -1 }],
  ['timeout', 'NaN', { timeout: Number.NaN }],
  ['timeout', "'3s'", { timeout: '3s' }],
  ['timeout', "'5000'", { timeout: '5000' }], // axios takes these two
  ['timeout', 'null', { timeout: null }],
  ['timeout', '5n', { timeout: 5n }],
  ['timeout', '[1, 2, 3]', { timeout: [1, 2, 3] }],
  ['timeout[0] (connect)', '0', { timeout: [0, 5] }],
  ['timeout[1] (read)', '-1', { timeout: [5, -1] }],
  ['timeout.read', '0', { timeout: { read: 0 } }],
  ['timeout.connect', 'NaN', { timeout: { connect: Number.NaN } }],
  ['timeout.total', "'3s'", { timeout: { total: '3s' } }],
  ['timeout.total', '0', { timeout: { total: 0 } }],
  ['timeout.reed', '5', { timeout: { reed: 5 } }],
  ['timeout', 'Date', { timeout: new Date() }],
  ['timeout', 'Map', { timeout: new Map([['read', 5]]) }],
  ['retry', 'Promise', { retry: Promise.resolve({ retries: 5 }) }],
  ['breaker.burst', 'Date', { breaker: { burst: new Date() } }],
  ['limit.interval', 'Infinity is not valid. It takes finite milliseconds', { limit: { interval: Infinity } }],
  ['deadline', '0', { deadline: 0 }],
  ['deadline', '-5', { deadline: -5 }],
  ['deadline', 'NaN', { deadline: Number.NaN }],
  ['deadline', "'5s'", { deadline: '5s' }],
  ['deadline', 'Date', { deadline: new Date('nonsense') }],
  ['endpoint', "''", { endpoint: '' }],
  ['endpoint', '5', { endpoint: 5 }],
  ['deadlineHeader', "'a b'", { deadlineHeader: 'a b' }],
];

function expectRefusal(error: unknown, option: string, shown: string): void {
  expect(error).toBeInstanceOf(AxiosError);
  expect(error).toMatchObject({ code: 'ERR_BAD_OPTION_VALUE' });
  expect((error as Error).message).toContain(option);
  expect((error as Error).message).toContain(shown);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(BAD)('%s: %s', (option, shown, policies) => {
  it('is thrown by createClient', () => {
    expectRefusal(
      thrownBy(() => createClient(policies as ClientConfig)),
      option,
      shown,
    );
  });

  it('is thrown by protect', () => {
    expectRefusal(
      thrownBy(() => protect(axios.create(), policies as Policies)),
      option,
      shown,
    );
  });

  it('is thrown by client.create', () => {
    expectRefusal(
      thrownBy(() => client.create(policies as ClientConfig)),
      option,
      shown,
    );
  });

  it('rejects a request before anything is sent', async () => {
    const asked = vi.fn((config) => config);
    client.interceptors.request.use(asked);
    const { error } = await failureOf(() => client.get(lab.url('healthy'), policies as RequestConfig));
    expectRefusal(error, option, shown);
    expect(asked).not.toHaveBeenCalled();
    expect(lab.upstream('healthy').connections).toBe(0);
  });
});

describe('what else is refused', () => {
  it.each<[shown: string, given: unknown]>([
    ['Promise', Promise.resolve({ timeout: 5 })],
    ['Map', new Map([['timeout', 5]])],
    ['Date', new Date()],
    ['a function', () => ({ timeout: 5 })],
    ["'5s'", '5s'],
    ['5', 5],
    ['[]', []],
  ])('%s in place of all options', (shown, given) => {
    const makers: [name: string, make: () => unknown][] = [
      ['config', () => breakwater.createClient(given as ClientConfig)],
      ['config', () => client.create(given as ClientConfig)],
      ['policies', () => breakwater.protect(axios.create(), given as Policies)],
    ];
    for (const [name, make] of makers) expectRefusal(thrownBy(make), name, shown);
  });

  it.each([null, false, 0, ''])('not %j, which axios takes for no options (`isDebug && { … }`)', async (none) => {
    const given = none as unknown as ClientConfig;
    for (const made of [breakwater.createClient(given), client.create(given), breakwater.protect(axios.create(), given as Policies)])
      await made.close();
  });

  it('a policy that does not exist, where only policies are expected', () => {
    expectRefusal(
      thrownBy(() => protect(axios.create(), { retries: 5 } as Policies)),
      'retries',
      '5',
    );
  });

  it('something that is no axios instance', () => {
    expectRefusal(
      thrownBy(() => protect({} as never)),
      'protect',
      'axios instance',
    );
    expectRefusal(
      thrownBy(() => protect((() => {}) as never)),
      'protect',
      'axios instance',
    );
  });

  it('a timeout of the instance that cannot be meant', async () => {
    expectRefusal(
      thrownBy(() => protect(axios.create({ timeout: -1 }))),
      'timeout',
      '-1',
    );
    expectRefusal(
      thrownBy(() => protect(axios.create({ timeout: '5000' as never }))),
      'defaults.timeout',
      "'5000'",
    );
    client.defaults.timeout = '3s' as never;
    const { error } = await failureOf(() => client.get(lab.url('healthy')));
    expectRefusal(error, 'timeout', "'3s'");
  });

  it("an interceptor's timeout that cannot be meant, before anything is sent", async () => {
    client.interceptors.request.use((config) => Object.assign(config, { timeout: '3s' }));
    const { error } = await failureOf(() => client.get(lab.url('healthy')));
    expectRefusal(error, 'timeout', "'3s'");
    expect((error as Error).message).toContain('interceptor');
    expect(lab.upstream('healthy').connections).toBe(0);
  });
});

describe('what is good', () => {
  const NAMED = { [Symbol.toStringTag]: 'Config' };
  const GOOD: [string, RequestConfig][] = [
    ['{}', { timeout: {} }],
    ['false', { timeout: false, deadline: false, deadlineHeader: false }],
    ['0 as a number', { timeout: 0 }],
    ['Infinity', { timeout: Infinity, deadline: Infinity }],
    ['Infinity in an object', { timeout: { read: Infinity, total: Infinity } }],
    ['objects that are not plain', { timeout: new (class Patient {})(), retry: Object.create(null), limit: Object.freeze({}) }],
    ['an object that calls itself something else', { retry: { retries: 1, ...NAMED }, timeout: { read: 5_000, ...NAMED } }],
    ['undefined', { timeout: undefined, deadline: undefined, endpoint: undefined, deadlineHeader: undefined }],
    ['2**31', { timeout: 2 ** 31, deadline: 2 ** 31 + 5_000 }],
    [
      '2**31 in every limit',
      { timeout: { connect: 2 ** 31, read: 2 ** 31, response: 2 ** 32, body: 2 ** 40, total: 2 ** 53, queue: 2 ** 31 } },
    ],
  ];
  it.each(GOOD)('%s works, and never fires early', async (_what, config) => {
    expect((await client.get(lab.url('healthy', '/delay/60'), config)).status).toBe(200);
    const own = createClient({ proxy: false, ...(config as ClientConfig) });
    expect((await own.get(lab.url('healthy', '/delay/60'))).status).toBe(200);
    await own.close();
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('a deadline that leaves the total no room', () => {
  it('is told of once, when the client is made', async () => {
    const tight = createClient({ proxy: false, timeout: 1_000, deadline: 1_500 });
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/1500 ms.*1000 ms/);
    await tight.get(lab.url('healthy'));
    await tight.get(lab.url('healthy'));
    expect(warn).toHaveBeenCalledOnce();
    await tight.close();
    protect(axios.create({ timeout: 1_000 }), { deadline: 1_000 });
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is none with a second more, or without a total', () => {
    createClient({ timeout: 1_000, deadline: 2_000 });
    createClient({ timeout: { read: 5_000 }, deadline: 1_000 });
    createClient({ timeout: 100_000 });
    createClient({ timeout: 1_000, deadline: false });
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('options merge field by field', () => {
  it.each<[string, ClientConfig, RequestConfig, string, number]>([
    ['the client', { timeout: { read: 120 } }, {}, 'read', 120],
    ["the request, over the client's", { timeout: { read: 5_000 } }, { timeout: { read: 120 } }, 'read', 120],
    ['the client, where the request names another', { timeout: { read: 120 } }, { timeout: { connect: 5_000 } }, 'read', 120],
    ["the instance's own number", { timeout: 120 }, {}, 'total', 120],
    ['the request as a number', { timeout: 5_000 }, { timeout: 120 }, 'total', 120],
    ['the request as a pair', { timeout: 5_000 }, { timeout: [5_000, 120] }, 'read', 120],
    [
      'a part that the request turned off: another counts',
      { timeout: { read: 100, total: 250 } },
      { timeout: { read: false } },
      'total',
      250,
    ],
    ['the deadline of the client', { timeout: false, deadline: 120 }, {}, 'deadline', 120],
    ['the deadline of the request', { timeout: false, deadline: 5_000 }, { deadline: 120 }, 'deadline', 120],
  ])('%s', async (_what, config, request, limit, limitMs) => {
    const own = createClient({ proxy: false, ...config });
    const { error, took } = await failureOf(() => own.get(lab.url('stall'), request));
    expect(error).toMatchObject({ limit, limitMs });
    expect(took).toBeGreaterThanOrEqual(limitMs);
    await own.close();
  });

  it('false turns off every limit of the attempt', async () => {
    const own = createClient({ proxy: false, timeout: [100, 100] });
    expect((await own.get(lab.url('healthy', '/delay/300'), { timeout: false })).status).toBe(200);
    await own.close();
  });

  const named = { endpoint: 'mine', allowQueryValues: ['page'], limit: { rate: 1 } };
  const off = { endpoint: false, allowQueryValues: false, limit: { rate: false } } as const;
  it.each<[string, ClientConfig, ClientConfig, RequestConfig]>([
    ['of a request', named, {}, off],
    ['of a client made by another', named, off, {}],
    ['of a client', off, {}, {}],
  ])('false takes away what else has no default: %s', async (_what, first, second, request) => {
    const adapter = async (config: InternalAxiosRequestConfig) => ({ data: '', status: 200, statusText: '', headers: {}, config });
    for (const parent of [createClient({ adapter, ...first }), protect(axios.create({ adapter }), first as Policies)]) {
      const own = parent.create(second);
      const told: string[] = [];
      own.on('call', ({ endpoint, url }) => told.push(`${endpoint} ${url}`));
      for (let i = 0; i < 2; i++) await own.get('http://api.test/a?page=2', request);
      expect(told).toEqual(Array(2).fill('GET http://api.test/a http://api.test/a?page=REDACTED'));
      await Promise.all([parent.close(), own.close()]);
    }
  });

  it('a new value in defaults.timeout counts from the next call', async () => {
    const own = createClient({ proxy: false, timeout: 5_000 });
    own.defaults.timeout = 120;
    const { error } = await failureOf(() => own.get(lab.url('stall')));
    expect(error).toMatchObject({ limit: 'total', limitMs: 120 });
    await own.close();
  });

  it('in a client without limits too', async () => {
    const own = createClient({ proxy: false, timeout: false, deadline: 2_000, retry: false });
    own.defaults.timeout = 120;
    const { error } = await failureOf(() => own.get(lab.url('stall')));
    expect(error).toMatchObject({ limit: 'total', limitMs: 120 });
    await own.close();
  });

  it('the limits of a client go on in those made from it', async () => {
    const parent = createClient({ proxy: false, timeout: { read: 120, total: 5_000 } });
    const child = parent.create({ timeout: { connect: 4_000 }, headers: { 'x-child': '1' } });
    const { error } = await failureOf(() => child.get(lab.url('stall')));
    expect(error).toMatchObject({ limit: 'read', limitMs: 120 });
    expect((await child.get(lab.url('healthy'))).data.headers['x-child']).toBe('1');
    const off = parent.create({ timeout: { read: false, total: 150 } });
    expect((await failureOf(() => off.get(lab.url('stall')))).error).toMatchObject({ limit: 'total', limitMs: 150 });
    await Promise.all([parent.close(), child.close(), off.close()]);
  });

  it('so do the fields of its other policies, of which another is named', async () => {
    const adapter = async (): Promise<never> => {
      throw new AxiosError('', 'ECONNRESET');
    };
    const parent = createClient({ adapter, retry: { baseDelay: 7, jitter: 'none' }, breaker: { mode: 'observe' } });
    const child = parent.create({ retry: { retries: 1 }, breaker: { minCalls: 1 } }).create({ breaker: { openFor: 1_000 } });
    const told: unknown[] = [];
    child.on('retry', ({ delay, reason }) => told.push(delay ?? reason));
    child.on('breaker', ({ to }) => told.push(to));
    expect((await failureOf(() => child.get('http://api.test/'))).error).toMatchObject({ code: 'ECONNRESET' });
    expect(told).toEqual(['open', 7, 'retries']);
    expect((await failureOf(() => parent.create({ retry: false }).get('http://api.test/'))).error).not.toHaveProperty('history');
  });

  it('so do the fields of its channel', async () => {
    const parent = createClient({ beacons: { maxBytes: 10 } });
    const child = parent.create({ beacons: { maxItems: 5 } });
    expect(child.beacon('http://127.0.0.1:1/', 'longer than ten')).toBe(false);
    expect(child.beacons.stats().dropped).toEqual({ payload_too_large: 1 });
    await Promise.all([parent.close(), child.close()]);
  });
});
