// A defect of ours in a policy never fails a call, nor hangs it: the call goes on as if there were no such policy, and it is told of once.
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { Call } from '../../src/call';
import { Alarm } from '../../src/clock';
import { Breaker } from '../../src/policies/breaker-state';
import { RetryBudget } from '../../src/policies/retry-budget';
import { PhaseClock } from '../../src/transport/phase-clock';
import { Line } from '../../src/util/line';
import { Lru } from '../../src/util/lru';
import { Window } from '../../src/util/window';
import { containedDefects } from '../setup/defects';
import { clientOver, type Outcome, settled } from './retry-support';

let warn: MockInstance;

beforeEach(() => {
  vi.useFakeTimers();
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  containedDefects(); // are what this is about
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Everything a policy stands on, and what the policies ask of it. */
const PARTS: [name: string, part: { prototype: object }, methods: string[]][] = [
  ['the endpoints kept', Lru, ['use', 'peek']],
  ['the counts of a window', Window, ['add', 'total', 'totals']],
  ['a breaker', Breaker, ['configure', 'refusal', 'admit', 'release', 'gate', 'look']],
  ['the retry budget', RetryBudget, ['called', 'take']],
  ['a queue', Line, ['add', 'leave']],
  ['an alarm', Alarm, ['set', 'stop', 'ring']],
  ['the clock of an attempt', PhaseClock, ['stop']],
];

const DEFECTS = PARTS.flatMap(([name, part, methods]) => methods.map((method) => ({ name, method, part })));

const UNLEAVABLE = DEFECTS.find(({ part, method }) => part === Line && method === 'leave') as (typeof DEFECTS)[0];

/** A client with every policy on. */
const everything = (script: Outcome[], limits: object = {}) =>
  clientOver(script, {
    retry: { retries: 1 },
    breaker: {},
    limit: { rate: 1_000, concurrency: 10, maxQueue: 10, ...limits },
    fallback: { staleFor: 60_000 },
    deadline: 20_000,
    timeout: { total: 5_000, connect: 1_000, read: 2_000 },
  });

function breakDown({ part, method }: (typeof DEFECTS)[0]): void {
  vi.spyOn(part.prototype as Record<string, () => void>, method).mockImplementation(() => {
    throw new Error('defect');
  });
}

/** None is told of twice, and those of statistics are told of as events. */
function expectToldOnce(): void {
  const told = warn.mock.calls.map(([message, error]) => `${message} ${error}`);
  for (const line of told) expect(line).toMatch(/^breakwater: /);
  expect(new Set(told).size).toBe(told.length);
}

describe.each(DEFECTS)('where $name fails, in $method,', (defect) => {
  it('a call is answered, and the next as well', async () => {
    const { client, sent } = everything([200]);
    breakDown(defect);
    for (let i = 0; i < 3; i++) expect((await settled(client.get('/a'))).value?.status).toBe(200);
    expect(sent).toHaveLength(3);
    expectToldOnce();
  });

  it('a call that fails does so by the fault of the upstream', async () => {
    const { client } = everything([{ status: 503, headers: { 'retry-after': '1' } }]);
    breakDown(defect);
    expect((await settled(client.post('/a'))).error).toMatchObject({ response: { status: 503 } });
    expectToldOnce();
  });

  it('a call that is repeated ends as its last attempt', async () => {
    const { client, sent } = everything([503, 'ECONNRESET']);
    breakDown(defect);
    const { error } = await settled(client.get('/a'));
    expect(error?.message).not.toContain('defect');
    expect(error).toMatchObject(sent.length === 1 ? { response: { status: 503 } } : { code: 'ECONNRESET' });
    expectToldOnce();
  });
});

it.each(DEFECTS.filter((defect) => defect !== UNLEAVABLE))(
  'where $name fails, in $method, calls that wait for one place are all answered',
  async (defect) => {
    const { client, sent } = everything([200], { concurrency: 1 });
    breakDown(defect);
    const calls = await Promise.all([1, 2, 3].map((n) => settled(client.get(`/${n}`))));
    expect(calls.map(({ value }) => value?.status)).toEqual([200, 200, 200]);
    expect(sent).toHaveLength(3);
    expectToldOnce();
  },
);

it('where nobody can leave a queue, the deadline ends who waits there', async () => {
  const { client } = everything([200], { concurrency: 1 });
  breakDown(UNLEAVABLE);
  const [first, second] = await Promise.all([settled(client.get('/1')), settled(client.get('/2'))]);
  expect(first.value?.status).toBe(200);
  expect(second.error).toMatchObject({ code: 'ETIMEDOUT', limit: 'deadline' });
});

it.each<[string, unknown]>([
  ['an error', new Error('defect')],
  ['a string', 'defect'],
  ['null', null],
  ['nothing', undefined],
  ['an object', { error: 'inner' }],
  ['an error with a config', { error: 'inner', config: {} }],
  ['a config', { config: { call: 'its own' } }],
])('where a retry fails before it is made, by %s, the call fails by what was to be repeated', async (_, thrown) => {
  const { client, sent } = everything([503]);
  vi.spyOn(Call.prototype, 'abandon').mockImplementation(() => {
    throw thrown;
  });
  for (let n = 0; n < 2; n++) expect((await settled(client.get('/a'))).error).toMatchObject({ response: { status: 503 } });
  expect(sent).toHaveLength(2);
  expect(warn.mock.calls.map(([message]) => message)).toContain(
    'breakwater: the retry failed by a defect; the call fails by what was to be repeated.',
  );
  expectToldOnce();
});

it('where the error of an adapter cannot be looked at, the call fails all the same', async () => {
  const odd = Object.defineProperty(new Error('odd'), 'response', {
    get: () => {
      throw new Error('unreadable');
    },
  });
  const { client } = clientOver([], {
    adapter: () => Promise.reject(odd),
    retry: false,
    timeout: false,
    deadline: false,
    breaker: {},
    limit: { concurrency: 1 },
  });
  const ended: string[] = [];
  client.on('attempt', ({ outcome }) => ended.push(outcome));
  // Neither the place nor the permit is lost with it.
  for (let i = 0; i < 3; i++) expect((await settled(client.get('/a'))).error).toMatchObject({ message: 'unreadable' });
  expect(ended).toEqual(['error', 'error', 'error']);
  expect(client.breakers.get('GET http://api.test/a')).toMatchObject({ inFlight: 0, calls: 3, failureRate: 1 });
  containedDefects();
});

it('where an answer cannot be kept, it is given all the same', async () => {
  const { client } = everything([{ status: 200, data: { n: 1 } }]);
  client.interceptors.response.use((response) =>
    Object.defineProperty(response, 'headers', {
      enumerable: true,
      get: () => {
        throw new Error('unreadable');
      },
    }),
  );
  expect((await settled(client.get('/b'))).value?.data).toEqual({ n: 1 });
});
