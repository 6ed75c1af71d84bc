// The limits that statistics propose.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Statistics } from '../../src/telemetry/stats';
import type { SuggestedLimits } from '../../src/telemetry/suggest';
import { attemptOf, ENDPOINT, failureOf, timeoutOf } from './telemetry-support';

let statistics: Statistics;

beforeEach(() => {
  vi.useFakeTimers();
  statistics = new Statistics();
});
afterEach(() => void vi.useRealTimers());

function answers(times: number, facts: Parameters<typeof attemptOf>[0] = { timings: { response: 1_000 } }): void {
  for (let i = 0; i < times; i++) statistics.attempt(attemptOf(facts));
}

function timeouts(times: number): void {
  for (let i = 0; i < times; i++) statistics.attempt(timeoutOf({ timings: { tcp: 1, response: 10_000 } }));
}

const suggested = (): SuggestedLimits | undefined => statistics.get(ENDPOINT)?.suggested;

/** That it is twice so many milliseconds, which are known within 2 %, in two digits rounded up. */
function expectTwice(ms: number, limit = 0): void {
  expect(limit).toBe(Number(limit.toPrecision(2)));
  expect(limit).toBeGreaterThan(2 * ms * 0.98);
  expect(limit).toBeLessThan(2 * ms * 1.02 * 1.1);
}

describe('a suggestion', () => {
  it('needs 200 answers', () => {
    answers(199);
    expect(suggested()).toBeUndefined();
    answers(1);
    expect(suggested()).toEqual({ read: expect.any(Number), sampleSize: 200, connections: 0 });
  });

  it('counts as an answer whatever has a status, and nothing else', () => {
    answers(100);
    answers(100, { status: 503, outcome: 'http-error', timings: { response: 1_000 } });
    for (let i = 0; i < 30; i++) statistics.attempt(failureOf({ timings: { response: 5 } }));
    answers(30, { outcome: 'canceled', timings: { response: 5 } });
    answers(30, { timings: {} });
    statistics.attempt(timeoutOf({ status: 200, phase: 'body', timings: { response: 5, body: 10_000 } }));
    expect(suggested()).toMatchObject({ sampleSize: 200 });
  });

  it('is none where more than 1 % timed out', () => {
    answers(297);
    timeouts(3);
    expect(suggested()).toMatchObject({ sampleSize: 297 });
    timeouts(1);
    expect(suggested()).toBeUndefined();
    answers(99);
    expect(suggested()).toBeDefined();
  });

  it('is of both halves of the latest attempts', () => {
    answers(200);
    vi.advanceTimersByTime(330_000);
    answers(10, { timings: { response: 4_000 } });
    expect(suggested()).toMatchObject({ sampleSize: 210 });
    expectTwice(4_000, suggested()?.read);
  });
});

describe('read', () => {
  it('is twice what 99 of 100 took, to two digits rounded up', () => {
    answers(990, { timings: { response: 750 } });
    answers(10, { timings: { response: 60_000 } });
    expectTwice(750, suggested()?.read);
    answers(1, { timings: { response: 60_000 } });
    expectTwice(60_000, suggested()?.read);
  });

  it.each([300, 1_234, 5_678, 61_234])('of answers that take %d ms is twice that', (response) => {
    answers(200, { timings: { response } });
    expectTwice(response, suggested()?.read);
  });

  it.each([0.3, 30, 240])('of answers that take %d ms is 500', (response) => {
    answers(200, { timings: { response } });
    expect(suggested()?.read).toBe(500);
  });

  it('takes the body in: a slow one is silence at worst', () => {
    answers(200, { timings: { tcp: 900, send: 900, response: 200, body: 2_800 } });
    expectTwice(3_000, suggested()?.read);
  });

  it('is all that a browser gives, which tells nothing before the headers apart', () => {
    answers(200, { timings: { waiting: 700, body: 100 } });
    expect(suggested()).toEqual({ read: expect.any(Number), sampleSize: 200, connections: 0 });
    expectTwice(800, suggested()?.read);
  });
});

describe('connect', () => {
  const connected = (times: number, ms = 1_000): void =>
    answers(times, { reusedSocket: false, timings: { lookup: ms / 2, tcp: ms / 4, proxy: ms / 8, tls: ms / 8, response: 10 } });

  it('needs 20 new connections', () => {
    answers(200);
    connected(19);
    expect(suggested()).toMatchObject({ connections: 19 });
    expect(suggested()).not.toHaveProperty('connect');
    connected(1);
    expect(suggested()).toMatchObject({ connections: 20, sampleSize: 220 });
    expectTwice(1_000, suggested()?.connect);
  });

  it('is all the way to a new connection, and at least what a lost SYN costs', () => {
    connected(200, 4_000);
    expect(suggested()).toMatchObject({ read: 500 });
    expectTwice(4_000, suggested()?.connect);
    statistics = new Statistics();
    connected(200, 20);
    expect(suggested()).toMatchObject({ connect: 1_500 });
  });

  it('is not of connections that had served before', () => {
    connected(20, 4_000);
    answers(2_000, { reusedSocket: true, timings: { queue: 1, lookup: 0, tcp: 0, response: 10 } });
    expect(suggested()).toMatchObject({ connections: 20 });
    expectTwice(4_000, suggested()?.connect);
  });

  it('is not of attempts that never came to a connection', () => {
    connected(200);
    for (let i = 0; i < 300; i++) statistics.attempt(failureOf({ code: 'ECONNREFUSED', timings: { lookup: 1, tcp: 1 } }));
    expect(suggested()).toMatchObject({ connections: 200 });
    expectTwice(1_000, suggested()?.connect);
  });
});
