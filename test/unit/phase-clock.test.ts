// The clock of an attempt under a fake clock: which limit fires in which phase, what resets, pauses and ends it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LimitName, Phase } from '../../src/words';
import { clockOf, expectExpiryIn } from './clock-of';
import { YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const OWN_LIMITS: [Phase, LimitName][] = [
  ['queue', 'queue'],
  ['lookup', 'lookup'],
  ['tcp', 'tcp'],
  ['proxy', 'proxy'],
  ['tls', 'tls'],
  ['send', 'send'],
  ['response', 'response'],
  ['body', 'body'],
];

describe('the limit that a phase has to itself', () => {
  it.each(OWN_LIMITS)('in %s, %s runs out at its time', (phase, limit) => {
    const { clock, expired } = clockOf({ [limit]: 100 });
    vi.advanceTimersByTime(1_000);
    clock.enter(phase);
    expectExpiryIn(100, expired, limit, 100);
    expect(clock.phase).toBe(phase);
  });

  it.each(OWN_LIMITS)('in %s, the limits of the other phases do not count', (phase, limit) => {
    const others = Object.fromEntries(OWN_LIMITS.map(([, name]) => [name, name === limit ? 10_000 : 50]));
    const { clock, expired } = clockOf(others);
    clock.enter(phase);
    vi.advanceTimersByTime(9_000);
    expect(expired).not.toHaveBeenCalled();
    clock.stop();
  });

  it.each(OWN_LIMITS)('ends with the phase (%s)', (phase, limit) => {
    const { clock, expired } = clockOf({ [limit]: 100 });
    clock.enter(phase);
    vi.advanceTimersByTime(99);
    clock.enter(phase === 'body' ? 'queue' : 'body');
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('starts anew in a phase that is entered again, as by a redirect', () => {
    const { clock, expired } = clockOf({ response: 100 });
    for (let hop = 0; hop < 5; hop++) {
      clock.enter('queue');
      vi.advanceTimersByTime(30);
      clock.enter('response');
      vi.advanceTimersByTime(80);
    }
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(20 + YIELD);
    expect(expired).toHaveBeenCalledOnce();
  });

  it('may be replaced for one phase', () => {
    const { clock, expired } = clockOf({ response: 1_000 });
    clock.enter('waiting', 300);
    expectExpiryIn(300, expired, 'response', 300);
  });

  it('is none while waiting, unless it is given', () => {
    const { clock, expired } = clockOf({ response: 100, read: 100, connect: 100 });
    clock.enter('waiting');
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    clock.stop();
  });
});

describe('connect', () => {
  it('is one budget for lookup, tcp, proxy and tls', () => {
    const { clock, expired } = clockOf({ connect: 100 });
    for (const phase of ['lookup', 'tcp', 'proxy'] as const) {
      clock.enter(phase);
      vi.advanceTimersByTime(30);
    }
    clock.enter('tls');
    expectExpiryIn(10, expired, 'connect', 100);
  });

  it('does not count the wait for the pool', () => {
    const { clock, expired } = clockOf({ connect: 100 });
    clock.enter('queue');
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    clock.enter('tcp');
    expectExpiryIn(100, expired, 'connect', 100);
  });

  it('is over when the request is being sent', () => {
    const { clock, expired } = clockOf({ connect: 100 });
    clock.enter('tcp');
    vi.advanceTimersByTime(99);
    clock.enter('send');
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('is whole again for the next hop', () => {
    const { clock, expired } = clockOf({ connect: 100 });
    clock.enter('tcp');
    vi.advanceTimersByTime(90);
    clock.enter('send');
    clock.enter('queue');
    clock.enter('tcp');
    expectExpiryIn(100, expired, 'connect', 100);
  });
});

describe('read', () => {
  it('begins with the wait for the answer and not before', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('send');
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    clock.enter('response');
    expectExpiryIn(100, expired, 'read', 100);
  });

  it('is about silence: bytes start it anew, and response and body go on', () => {
    const { clock, expired } = clockOf({ read: 100, response: 1_000, body: 500 });
    clock.enter('response');
    for (let i = 0; i < 9; i++) {
      vi.advanceTimersByTime(90);
      clock.progress();
    }
    clock.enter('body');
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(90);
      clock.progress();
    }
    expectExpiryIn(50, expired, 'body', 500);
  });

  it('is not started by bytes where it does not run', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('send');
    clock.progress();
    vi.advanceTimersByTime(1_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('looks for bytes that nobody told of, and counts from when it sees them: never early, and hardly late', () => {
    for (let came = 0; came < 100; came += 7) {
      const { clock, expired } = clockOf({ read: 100 });
      const unseen: string[] = [];
      clock.watcher = { hasUnseenProgress: () => unseen.splice(0).length > 0 };
      clock.enter('send');
      clock.enter('response');
      vi.advanceTimersByTime(came);
      unseen.push('bytes');
      vi.advanceTimersByTime(99);
      expect(expired).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1 + 100 / 8 + 10 * YIELD);
      expect(expired).toHaveBeenCalledExactlyOnceWith({ limit: 'read', limitMs: 100, lag: 0 });
      clock.stop();
    }
  });

  it('does not look where the bytes are told of, and never after it was stopped', () => {
    const { clock } = clockOf({ read: 100 });
    const hasUnseenProgress = vi.fn(() => true);
    clock.watcher = { hasUnseenProgress };
    clock.enter('body');
    vi.advanceTimersByTime(90);
    clock.stop();
    vi.advanceTimersByTime(1_000);
    expect(hasUnseenProgress).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('bytes that nobody told of do not lengthen a limit that is not about silence', () => {
  const { clock, expired } = clockOf({ total: 100 });
  clock.enter('body');
  clock.watcher = { hasUnseenProgress: () => true };
  expectExpiryIn(100, expired, 'total', 100);
});

it('timings are those that the platform measured, where it did, and nobody changes them afterwards', () => {
  const { clock } = clockOf({});
  clock.enter('waiting');
  vi.advanceTimersByTime(100);
  const measured = { tcp: 10, response: 90 };
  clock.stop(measured);
  measured.tcp = 1_000;
  expect(clock.timings).toEqual({ tcp: 10, response: 90 });
});

describe('a body that the consumer holds back', () => {
  it('is silent through no fault of the peer, though bytes that were on their way still come', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('body');
    clock.pause();
    vi.advanceTimersByTime(50);
    clock.progress();
    vi.advanceTimersByTime(1_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('is silent through no fault of the peer, and read starts whole when the consumer comes back', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('body');
    vi.advanceTimersByTime(90);
    clock.pause();
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    clock.resume();
    expectExpiryIn(100, expired, 'read', 100);
  });

  it('has what was left of its own limit when the consumer comes back', () => {
    const { clock, expired } = clockOf({ body: 100 });
    clock.enter('body');
    vi.advanceTimersByTime(60);
    clock.pause();
    clock.pause();
    vi.advanceTimersByTime(10_000);
    clock.resume();
    clock.resume();
    expectExpiryIn(40, expired, 'body', 100);
  });

  it('is still held to total', () => {
    const { clock, expired } = clockOf({ total: 100, read: 10 });
    clock.enter('body');
    clock.pause();
    expectExpiryIn(100, expired, 'total', 100);
  });

  it('does not start read by being resumed without having been held', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('send');
    clock.resume();
    vi.advanceTimersByTime(1_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it('is all that can be held back: the wait for the answer goes on under its limit', () => {
    const { clock, expired } = clockOf({ response: 100 });
    clock.enter('response');
    clock.pause();
    expectExpiryIn(100, expired, 'response', 100);
  });

  it('is all that is given back the time: what is resumed before it has no more', () => {
    const { clock, expired } = clockOf({ response: 100 });
    clock.enter('response');
    clock.pause();
    vi.advanceTimersByTime(60);
    clock.resume();
    expectExpiryIn(40, expired, 'response', 100);
  });

  it('does not hold what comes after it', () => {
    const { clock, expired } = clockOf({ read: 100, body: 1_000 });
    clock.enter('body');
    vi.advanceTimersByTime(50);
    clock.progress();
    clock.pause();
    clock.enter('queue'); // a redirect
    clock.enter('response');
    clock.enter('body');
    clock.pause();
    vi.advanceTimersByTime(500);
    expect(expired).not.toHaveBeenCalled();
    clock.resume();
    expectExpiryIn(100, expired, 'read', 100);
  });
});
