// What the options mean and which are refused: tables of good and bad values.
import { AxiosError } from 'axios';
import { describe, expect, it } from 'vitest';
import { Deadline } from '../../src/deadline';
import { createClient } from '../../src/index';
import {
  checkPolicies,
  checkPolicyNames,
  defaultDeadline,
  isTooTight,
  mergeSettings,
  type Policies,
  type Settings,
} from '../../src/options';
import { type AlertOptions, alertSettings, DEFAULT_ALERTS } from '../../src/options/alerts';
import { mergeLimits } from '../../src/options/timeout';
import { LIMIT_NAMES, type Limits } from '../../src/words';

const BASE: Limits = { connect: 3_000, read: 10_000 };

/** The message of the AxiosError that is thrown. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).code).toBe('ERR_BAD_OPTION_VALUE');
    return (error as AxiosError).message;
  }
  throw new Error('nothing was thrown');
}

describe('timeout', () => {
  it.each<[timeout: unknown, limits: Limits]>([
    [undefined, BASE],
    [false, {}],
    [0, BASE], // axios' way to say none
    [500, { ...BASE, total: 500 }],
    [0.5, { ...BASE, total: 0.5 }],
    [Infinity, BASE],
    [2 ** 31, { ...BASE, total: 2 ** 31 }],
    [[100, 200], { connect: 100, read: 200 }],
    [[false, 200], { read: 200 }],
    [[100, false], { connect: 100 }],
    [[Infinity, Infinity], {}],
    [{}, BASE],
    [{ read: undefined }, BASE],
    [{ read: false }, { connect: 3_000 }],
    [{ read: Infinity }, { connect: 3_000 }],
    [
      { total: 5, body: 4 },
      { ...BASE, total: 5, body: 4 },
    ],
    [
      { connect: 1, lookup: 2, tcp: 3, proxy: 4, tls: 5, queue: 6 },
      { ...BASE, connect: 1, lookup: 2, tcp: 3, proxy: 4, tls: 5, queue: 6 },
    ],
  ])('%j over the defaults is %j', (timeout, limits) => {
    expect(mergeLimits(BASE, timeout as Policies['timeout'])).toEqual(limits);
    expect(BASE).toEqual({ connect: 3_000, read: 10_000 });
  });

  it('takes the total away with false and 0, and keeps the rest', () => {
    const base = { ...BASE, total: 100 };
    expect(mergeLimits(base, { total: false })).toEqual(BASE);
    expect(mergeLimits(base, 0)).toEqual(BASE);
    expect(mergeLimits(base, Infinity)).toEqual(BASE);
  });

  it.each<[timeout: unknown, names: string[]]>([
    [-1, ['timeout', '-1']],
    [NaN, ['timeout', 'NaN']],
    [-Infinity, ['timeout', '-Infinity']],
    ['3s', ['timeout', "'3s'"]],
    ['3000', ['timeout', "'3000'"]],
    [true, ['timeout', 'true']],
    [null, ['timeout', 'null']],
    [() => 5, ['timeout']],
    [[], ['timeout', '[connect, read]']],
    [[1], ['timeout', '[1]', '[connect, read]']],
    [
      [1, 2, 3],
      ['timeout', '[1, 2, 3]', '[connect, read]'],
    ],
    [
      [0, 100],
      ['timeout[0]', 'connect', '0'],
    ],
    [
      [100, 0],
      ['timeout[1]', 'read', '0'],
    ],
    [
      [100, '3s'],
      ['timeout[1]', "'3s'"],
    ],
    [
      [undefined, 100],
      ['timeout[0]', 'undefined'],
    ],
    [{ read: 0 }, ['timeout.read', '0', 'ambiguous']],
    [{ read: -1 }, ['timeout.read', '-1']],
    [{ connect: NaN }, ['timeout.connect', 'NaN']],
    [{ total: '3s' }, ['timeout.total', "'3s'"]],
    [{ total: null }, ['timeout.total', 'null']],
    [{ total: true }, ['timeout.total', 'true']],
    [{ reed: 5 }, ['timeout.reed', '5', 'queue, connect']],
    [{ headers: undefined }, ['timeout.headers']],
    [{ deadline: 5 }, ['timeout.deadline']],
    [{ toString: 5 }, ['timeout.toString']],
  ])('%j is refused, naming option and value', (timeout, names) => {
    const message = refusal(() => mergeLimits(BASE, timeout as Policies['timeout']));
    for (const name of names) expect(message).toContain(name);
  });

  it.each(LIMIT_NAMES)('has a limit named %s', (name) => {
    expect(mergeLimits({}, { [name]: 5 })).toEqual({ [name]: 5 });
    expect(mergeLimits({ [name]: 5 }, { [name]: false })).toEqual({});
  });
});

describe('the other policies', () => {
  it.each<Policies>([
    {},
    { deadline: undefined },
    { deadline: false },
    { deadline: 1 },
    { deadline: Infinity },
    { deadline: 2 ** 40 },
    { deadline: new Date() },
    { deadline: new Date(0) }, // in the past: nothing is left, which is no mistake of the option
    { deadline: new Deadline(5) },
    { endpoint: 'users' },
    { endpoint: () => 'users' },
    { endpoint: false },
    { deadlineHeader: false },
    { deadlineHeader: 'x-request-timeout-ms' },
    { endpoint: undefined, deadlineHeader: undefined },
    { propagateTrace: undefined, allowQueryValues: undefined },
    { propagateTrace: true },
    { propagateTrace: false },
    { propagateTrace: [] },
    { propagateTrace: ['https://api.example.com', 'http://localhost:8080'] },
    { propagateTrace: ['http://[::1]:8080', 'https://xn--bcher-kva.example', /^https:/g] },
    { allowQueryValues: [] },
    { allowQueryValues: false },
    { allowQueryValues: ['page', 'sort[by]', ''] },
  ])('%o is good', (policies) => {
    expect(() => checkPolicies(policies)).not.toThrow();
  });

  it.each<[policies: unknown, names: string[]]>([
    [{ deadline: 0 }, ['deadline', '0']],
    [{ deadline: -5 }, ['deadline', '-5']],
    [{ deadline: NaN }, ['deadline', 'NaN']],
    [{ deadline: '5s' }, ['deadline', "'5s'"]],
    [{ deadline: null }, ['deadline', 'null']],
    [{ deadline: true }, ['deadline', 'true']],
    [{ deadline: {} }, ['deadline']],
    [{ deadline: new Date('nonsense') }, ['deadline', 'Date']],
    [{ endpoint: '' }, ['endpoint', "''"]],
    [{ endpoint: 5 }, ['endpoint', '5']],
    [{ endpoint: null }, ['endpoint', 'null']],
    [{ deadlineHeader: 'a b' }, ['deadlineHeader', "'a b'"]],
    [{ deadlineHeader: '' }, ['deadlineHeader', "''"]],
    [{ deadlineHeader: 'a\r\nb: c' }, ['deadlineHeader']],
    [{ deadlineHeader: true }, ['deadlineHeader', 'true']],
    [{ propagateTrace: null }, ['propagateTrace', 'null']],
    [{ propagateTrace: 1 }, ['propagateTrace', '1']],
    [{ propagateTrace: 'https://api.example.com' }, ['propagateTrace', 'list of origins']],
    [{ propagateTrace: /example/ }, ['propagateTrace', 'list of origins']],
    [{ propagateTrace: ['https://api.example.com/'] }, ['propagateTrace']],
    [{ propagateTrace: ['https://api.example.com/users'] }, ['propagateTrace']],
    [{ propagateTrace: ['https://api.example.com:443'] }, ['propagateTrace']], // no request's origin is written so
    [{ propagateTrace: ['https://API.example.com'] }, ['propagateTrace']],
    [{ propagateTrace: ['https://*.example.com'] }, ['propagateTrace']],
    [{ propagateTrace: ['api.example.com'] }, ['propagateTrace']],
    [{ propagateTrace: ['null'] }, ['propagateTrace']],
    [{ propagateTrace: ['https://api.example.com', ''] }, ['propagateTrace']],
    [{ propagateTrace: ['https://api.example.com', null] }, ['propagateTrace']],
    [{ propagateTrace: [['https://api.example.com']] }, ['propagateTrace']],
    [{ allowQueryValues: null }, ['allowQueryValues', 'null']],
    [{ allowQueryValues: true }, ['allowQueryValues', 'true']],
    [{ allowQueryValues: 'page' }, ['allowQueryValues', "'page'"]],
    [{ allowQueryValues: [/page/] }, ['allowQueryValues']],
    [{ allowQueryValues: ['page', 5] }, ['allowQueryValues']],
  ])('%o is refused, naming option and value', (policies, names) => {
    const message = refusal(() => checkPolicies(policies as Policies));
    for (const name of names) expect(message).toContain(name);
  });

  it('are those that there are', () => {
    expect(() => checkPolicyNames({ timeout: 1, deadline: 2, endpoint: 'a', deadlineHeader: false })).not.toThrow();
    expect(() => checkPolicyNames({ propagateTrace: true, allowQueryValues: [] })).not.toThrow();
    expect(refusal(() => checkPolicyNames({ timeouts: 5 }))).toMatch(/timeouts: 5.*timeout, deadline/);
  });
});

describe('alerts', () => {
  it.each<[alerts: AlertOptions | false | undefined, settings: unknown]>([
    [undefined, DEFAULT_ALERTS],
    [{}, DEFAULT_ALERTS],
    [false, false],
    [{ frequent: undefined, surge: undefined, cooldown: undefined }, DEFAULT_ALERTS],
    [{ frequent: false }, { ...DEFAULT_ALERTS, frequent: false }],
    [
      { surge: false, cooldown: 0 },
      { ...DEFAULT_ALERTS, surge: false, cooldown: 0 },
    ],
    [{ frequent: { rate: 1 } }, { ...DEFAULT_ALERTS, frequent: { ...(DEFAULT_ALERTS.frequent as object), rate: 1 } }],
    [
      { surge: { ratio: 1, score: 0.5, attempts: 1 }, maxPerMinute: 1 },
      { ...DEFAULT_ALERTS, surge: { ...(DEFAULT_ALERTS.surge as object), ratio: 1, score: 0.5, attempts: 1 }, maxPerMinute: 1 },
    ],
  ])('%j over the defaults are %j', (alerts, settings) => {
    expect(alertSettings(alerts)).toEqual(settings);
  });

  it.each<[alerts: unknown, names: string[]]>([
    [null, ['alerts', 'null']],
    [true, ['alerts', 'true']],
    [5, ['alerts', '5']],
    [[], ['alerts']],
    [{ often: true }, ['alerts.often', 'frequent, surge, cooldown, maxPerMinute']],
    [{ cooldown: -1 }, ['alerts.cooldown', '-1']],
    [{ cooldown: '5m' }, ['alerts.cooldown', "'5m'"]],
    [{ maxPerMinute: 0 }, ['alerts.maxPerMinute', '0']],
    [{ maxPerMinute: 1.5 }, ['alerts.maxPerMinute', '1.5']],
    [{ frequent: true }, ['alerts.frequent', 'true']],
    [{ frequent: null }, ['alerts.frequent', 'null']],
    [{ frequent: 0 }, ['alerts.frequent', '0']],
    [{ surge: '' }, ['alerts.surge', "''"]],
    [{ frequent: { rate: 20 } }, ['alerts.frequent.rate', '20']],
    [{ frequent: { rate: 0 } }, ['alerts.frequent.rate', '0']],
    [{ frequent: { timeouts: 0 } }, ['alerts.frequent.timeouts', '0']],
    [{ surge: { ratio: 0.5 } }, ['alerts.surge.ratio', '0.5']],
    [{ surge: { score: NaN } }, ['alerts.surge.score', 'NaN']],
    [{ surge: { increase: 5 } }, ['alerts.surge.increase', '5']],
    [{ surge: { rate: 0.1 } }, ['alerts.surge.rate', 'ratio, increase, score, timeouts, attempts']],
  ])('%j are refused, naming option and value', (alerts, names) => {
    const message = refusal(() => alertSettings(alerts as AlertOptions));
    for (const name of names) expect(message).toContain(name);
  });
});

describe('the deadline of a call that names none', () => {
  it.each<[Limits, number]>([
    [{}, 30_000],
    [BASE, 30_000],
    [{ total: 28_000 }, 30_000],
    [{ total: 60_000 }, 62_000],
    [{ connect: 10_000, read: 60_000 }, 72_000],
    [{ total: 2 ** 31 }, 2 ** 31 + 2_000],
  ])('under %j is %d ms', (limits, ms) => {
    expect(defaultDeadline(limits)).toBe(ms);
  });
});

describe('a deadline', () => {
  it.each<[Policies['deadline'], Limits, boolean]>([
    [1_000, { total: 1_000 }, true],
    [1_999, { total: 1_000 }, true],
    [2_000, { total: 1_000 }, false],
    [100, BASE, false], // without a total there is nothing to leave room for
    [false, { total: 1_000 }, false],
    [undefined, { total: 1_000 }, false],
  ])('of %s under %j leaves the total too little room: %s', (deadline, limits, tight) => {
    expect(isTooTight(deadline, limits)).toBe(tight);
  });
});

describe('false', () => {
  const limit = { rate: 1, burst: 2, concurrency: 3, maxQueue: 5, maxWait: 4, limiter: { consume: async () => {} } };
  const use = () => 1;

  type Case = [policy: keyof Settings, field: string, set: Policies];
  it.each<Case>([
    ...(['rate', 'burst', 'concurrency', 'maxWait', 'limiter'] as const).map((field) => ['limit', field, { limit }] satisfies Case),
    ['retry', 'when', { retry: { retries: 1, when: () => true } }],
    ['breaker', 'isFailure', { breaker: { minCalls: 3, isFailure: () => true } }],
    ['fallback', 'use', { fallback: { use, staleFor: 5 } }],
    ['fallback', 'staleFor', { fallback: { use, staleFor: 5 } }],
  ])('takes %s.%s away, and leaves the rest', (policy, field, set) => {
    const base = mergeSettings(undefined, set);
    const settings = mergeSettings(base, { [policy]: { [field]: false } })[policy] as unknown as Record<string, unknown>;
    expect(settings).toEqual({ ...base[policy], [field]: undefined });
    expect(base[policy]).toHaveProperty(field);
  });

  it('takes breaker.slow.after away, and leaves the rest', () => {
    const base = mergeSettings(undefined, { breaker: { slow: { after: 100, rate: 0.5 } } });
    expect(mergeSettings(base, { breaker: { slow: { after: false } } })).toEqual({
      ...base,
      breaker: { ...base.breaker, slow: { after: undefined, rate: 0.5 } },
    });
  });

  it('as fallback.value is the data', () => {
    expect(mergeSettings(undefined, { fallback: { value: false } }).fallback).toEqual({ value: false });
  });

  it.each<[name: string, config: unknown]>([
    ['retry.baseDelay', { retry: { baseDelay: false } }],
    ['retry.retries', { retry: { retries: false } }],
    ['retry.budget.ratio', { retry: { budget: { ratio: false } } }],
    ['breaker.window', { breaker: { window: false } }],
    ['breaker.mode', { breaker: { mode: false } }],
    ['breaker.slow.rate', { breaker: { slow: { rate: false } } }],
    ['limit.interval', { limit: { interval: false } }],
    ['limit.maxQueue', { limit: { maxQueue: false } }],
    ['limit.per', { limit: { per: false } }],
  ])('for %s, which has a default, is refused', (name, config) => {
    expect(refusal(() => mergeSettings(undefined, config as Policies))).toMatch(`${name}: false is not valid. It takes `);
  });
});

it('Infinity is no limit of concurrency or of the queue', () => {
  const { limit } = mergeSettings(undefined, { limit: { concurrency: Infinity, maxQueue: Infinity } });
  expect(limit).toMatchObject({ concurrency: Infinity, maxQueue: Infinity });
});

it('a refusal says where false is taken', () => {
  expect(refusal(() => createClient({ limit: { rate: 0 } }))).toBe(
    'limit.rate: 0 is not valid. It takes a number greater than 0, or false.',
  );
});

describe('a refusal names what is taken', () => {
  it.each<[option: string, value: unknown, takes: string]>([
    ['beacons', false, 'an object'],
    ['beacons', null, 'an object'],
    ['alerts', 5, 'an object, or false'],
    ['limit', 5, 'an object, or false'],
    ['breaker', true, 'an object, or false'],
    ['retry', true, 'an object, a number of retries, or false'],
    ['retry', -1, 'a whole number, 0 or more'],
    ['retry', 1.5, 'a whole number, 0 or more'],
    ['fallback', 'instead', 'an object, a function, or false'],
    ['fallback', null, 'an object, a function, or false'],
    ['endpoint', 5, 'a name, or a function from the request config to a name, or false'],
    ['allowQueryValues', 'page', "a list of parameter names, such as \\['page'\\], or false"],
  ])('%s: %j', (option, value, takes) => {
    expect(refusal(() => createClient({ [option]: value }))).toMatch(new RegExp(`^${option}: .+ is not valid\\. It takes ${takes}\\.$`));
  });
});
