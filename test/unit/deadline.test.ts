// A deadline as a value: what is left of it, how it nests, and how it is read from a header.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadline, deadlineFrom } from '../../src/deadline';

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts down to 0 and not below', () => {
    const deadline = new Deadline(100);
    expect(deadline.remaining).toBe(100);
    expect(deadline.expired).toBe(false);
    vi.advanceTimersByTime(99);
    expect(deadline.remaining).toBe(1);
    expect(deadline.expired).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.expired).toBe(true);
    vi.advanceTimersByTime(100);
    expect(deadline.remaining).toBe(0);
    expect(deadline.ms).toBe(100);
  });

  it('is not moved by the system clock', () => {
    const deadline = new Deadline(100);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(deadline.remaining).toBe(100);
  });

  it.each([
    [100, 50, 50],
    [50, 100, 50],
    [Infinity, 50, 50],
    [50, Infinity, 50],
    [-5, 50, 0],
    [50, -5, 0],
  ])('of %d ms within one of %d ms has %d ms', (own, outer, left) => {
    const deadline = new Deadline(own, new Deadline(outer));
    expect(deadline.remaining).toBe(left);
    expect(deadline.ms).toBe(left);
  });

  it('within one that has run for a while has what that has left', () => {
    const outer = new Deadline(100);
    vi.advanceTimersByTime(60);
    expect(new Deadline(100, outer).remaining).toBe(40);
    expect(new Deadline(100, outer).ms).toBe(40);
    expect(new Deadline(20, outer).remaining).toBe(20);
  });

  it('is the same through a proxy, such as Vue makes of what it holds', () => {
    const deadline = new Deadline(100);
    const proxy = new Proxy(deadline, {});
    expect(proxy.signal).toBe(deadline.signal);
    expect(new Deadline(200, proxy).ms).toBe(100);
    vi.advanceTimersByTime(100);
    expect([proxy.remaining, proxy.expired]).toEqual([0, true]);
  });

  it('may be frozen, or seen through a proxy that refuses changes', () => {
    const deadline = Object.freeze(new Deadline(100));
    const { signal } = new Proxy(deadline, { set: () => false });
    deadline.abort('over');
    expect(signal.reason).toBe('over');
  });

  it('starts no timer', () => {
    void new Deadline(100).signal;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has one signal, which aborts with the reason', () => {
    const deadline = new Deadline(100);
    const { signal } = deadline;
    expect(deadline.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    deadline.abort('late');
    expect(signal.reason).toBe('late');
  });

  it('has a signal that is aborted already where it is asked for after the end', () => {
    const deadline = new Deadline(100);
    deadline.abort('late');
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.signal.reason).toBe('late');
  });
});

describe('deadlineFrom', () => {
  const name = 'x-request-timeout-ms';
  it.each<[headers: Record<string, unknown> | Headers | Map<string, string>, ms: number | undefined]>([
    [{ [name]: '250' }, 250],
    [{ [name]: ['250', '300'] }, 250],
    [{ 'X-Request-Timeout-Ms': '250' }, 250],
    [new Headers({ 'X-Request-Timeout-Ms': '250' }), 250],
    [new Map([[name, '250']]), 250],
    [{ [name]: '0' }, 0],
    [{}, undefined],
    [new Headers(), undefined],
    [{ [name]: undefined }, undefined],
    [{ [name]: '' }, undefined],
    [{ [name]: '-5' }, undefined],
    [{ [name]: '2.5' }, undefined],
    [{ [name]: '1e3' }, undefined],
    [{ [name]: '0x10' }, undefined],
    [{ [name]: '250ms' }, undefined],
    [{ [name]: 'NaN' }, undefined],
    [{ [name]: 'Infinity' }, undefined],
    [{ other: '250' }, undefined],
  ])('of %o is %s', (headers, ms) => {
    expect(deadlineFrom(headers)).toBe(ms);
  });

  it('takes another name, in any case', () => {
    expect(deadlineFrom({ 'x-envoy-expected-rq-timeout-ms': '7' }, 'X-Envoy-Expected-Rq-Timeout-Ms')).toBe(7);
    expect(deadlineFrom(new Headers({ 'x-envoy-expected-rq-timeout-ms': '7' }), 'X-Envoy-Expected-Rq-Timeout-Ms')).toBe(7);
    expect(deadlineFrom(new Map([['X-Envoy-Expected-Rq-Timeout-Ms', '7']]), 'X-Envoy-Expected-Rq-Timeout-Ms')).toBe(7); // has but this one
  });

  it('is not led astray by headers that are named like properties', () => {
    expect(deadlineFrom({ get: 'x', [name]: '250' })).toBe(250);
    expect(deadlineFrom({}, 'constructor')).toBeUndefined();
    expect(deadlineFrom(Object.create({ [name]: '250' }))).toBeUndefined();
  });
});
