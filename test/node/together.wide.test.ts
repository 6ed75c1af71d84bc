// All policies together: an upstream that degrades, dies and recovers under 50 calls a second, its windows a sixtieth of the defaults;
// and the same traffic through axios, axios-retry and opossum with the same numbers.
import http from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import CircuitBreaker from 'opossum';
import { beforeAll, describe, expect, it } from 'vitest';
import { createClient, type RetryEvent } from '../../src/index';
import { type Contender, live, type Report, type Stage, type StageReport, table } from './together-support';

const TOTAL = 800; // ms, an attempt
const DEADLINE = 2_000; // ms, a call
const BASE_DELAY = 100; // ms
const OPEN_FOR = 1_000; // ms
const WINDOW = 5_000; // ms

let decisions: RetryEvent[];

function breakwater(): Contender {
  decisions = [];
  const client = createClient({
    proxy: false,
    timeout: TOTAL,
    deadline: DEADLINE,
    retry: { baseDelay: BASE_DELAY },
    breaker: { window: WINDOW, openFor: OPEN_FOR, maxOpenFor: 2_000, burst: { window: 1_000 } },
  });
  const opened: number[] = [];
  const closed: number[] = [];
  client.on('breaker', ({ to }) => {
    if (to === 'open') opened.push(performance.now());
    if (to === 'closed') closed.push(performance.now());
  });
  client.on('retry', (event) => void decisions.push(event));
  return { name: 'Breakwater', call: (url) => client.get(url), opened, closed, close: () => client.close() };
}

function peers(): Contender {
  const httpAgent = new http.Agent({ keepAlive: true });
  const instance = axios.create({ proxy: false, timeout: TOTAL, httpAgent });
  axiosRetry(instance, {
    retries: 2,
    shouldResetTimeout: true,
    retryDelay: (count) => axiosRetry.exponentialDelay(count, undefined, BASE_DELAY / 2),
    retryCondition: (error) => axiosRetry.isNetworkOrIdempotentRequestError(error) || error.code === 'ECONNABORTED',
  });
  const breaker = new CircuitBreaker((url: string) => instance.get(url), {
    timeout: DEADLINE,
    errorThresholdPercentage: 50,
    resetTimeout: OPEN_FOR,
    rollingCountTimeout: WINDOW,
    volumeThreshold: 20,
  });
  const opened: number[] = [];
  const closed: number[] = [];
  breaker.on('open', () => void opened.push(performance.now()));
  breaker.on('close', () => void closed.push(performance.now()));
  const close = (): void => {
    breaker.shutdown();
    httpAgent.destroy();
  };
  return { name: 'axios + axios-retry + opossum', call: (url) => breaker.fire(url), opened, closed, close };
}

let ours: Report;
let theirs: Report;
/** The longest that this process was kept from running, in milliseconds: by so much anything may be late. */
let stall: number;

beforeAll(async () => {
  // Where others kept this process from running for half an attempt, or the peers from being answered by a healthy upstream, the run says
  // nothing of ours, and there is another.
  const disturbed = (): boolean => stall > TOTAL / 2 || theirs.stages.healthy.answered < theirs.stages.healthy.calls * 0.98;
  for (let run = 1; run === 1 || (run <= 3 && disturbed()); run++) {
    const contenders = [breakwater(), peers()];
    const delays = monitorEventLoopDelay();
    delays.enable();
    [ours, theirs] = (await Promise.all(contenders.map(live))) as [Report, Report];
    stall = delays.max / 1e6;
    delays.disable();
    for (const { close } of contenders) await close();
  }
  console.log(`\n${table([ours, theirs])}\n`);
}, 120_000);

const of = (stage: Stage): StageReport => ours.stages[stage];

describe('an upstream that degrades, dies and recovers', () => {
  it('is left alone while it is healthy', () => {
    expect(of('healthy').answered).toBeGreaterThanOrEqual(of('healthy').calls * 0.95);
    expect(of('healthy').reached).toBeLessThanOrEqual(of('healthy').calls * 1.2 + 3);
  });

  it('that fails now and then is asked again, and more callers are answered than its answers alone would serve', () => {
    const { calls, answered, reached } = of('degraded');
    expect(reached).toBeGreaterThan(calls * 0.9);
    expect(answered).toBeGreaterThan(calls * 0.8);
  });

  it('is cut off in about the time that a call may take, when it dies', () => {
    expect(ours.openedAfter).toBeLessThan(2_000 + stall);
    const { calls, reached } = of('dead');
    expect(reached).toBeLessThan(calls / 2);
  });

  it('that is dead keeps no caller waiting: half know at once, nearly all within an attempt and a bit', () => {
    expect(of('dead').p50).toBeLessThan(TOTAL + stall);
    expect(of('dead').p95).toBeLessThan(DEADLINE + stall);
    expect(of('dead').answered).toBeLessThan(of('dead').calls / 2);
  });

  it('is let back in when it recovers', () => {
    expect(ours.closedAfter).toBeLessThan(4_000 + stall);
    expect(of('recovered').answered).toBeGreaterThan(0);
  });

  it('is never asked again more often than the budget allows: a fifth of the calls of any 10 s, or three', () => {
    const calls = Object.values(ours.stages).reduce((sum, stage) => sum + stage.calls, 0);
    const retries = decisions.filter(({ delay }) => delay !== undefined).length;
    expect(retries).toBeGreaterThan(0);
    expect(retries).toBeLessThanOrEqual(calls * 0.2 + 2 * 3); // the run spans two such windows
  });

  it('has less to bear, and its callers less to wait for, than with the usual three packages', () => {
    expect(of('dead').reached).toBeLessThan(theirs.stages.dead.reached);
    expect(of('dead').p95).toBeLessThan(theirs.stages.dead.p95 + stall);
    expect(ours.openedAfter).toBeLessThan(theirs.openedAfter ?? Infinity);
  });
});
