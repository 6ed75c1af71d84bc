// The clock of an attempt under a fake clock: which limit fires in which phase, what resets, pauses and ends it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Expiry } from '../../src/call';
import { PhaseClock } from '../../src/transport/phase-clock';
import type { LimitName, Limits, Phase } from '../../src/words';
import { blockable, YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type OnExpiry = ReturnType<typeof vi.fn<(expiry: Expiry) => void>>;

function clockOf(limits: Limits): { clock: PhaseClock; expired: OnExpiry } {
  const expired: OnExpiry = vi.fn<(expiry: Expiry) => void>();
  return { clock: new PhaseClock(limits, expired), expired };
}

/** Asserts that the limit has not run out a millisecond before its time, and has at its time. */
function expectExpiryIn(ms: number, expired: OnExpiry, limit: LimitName, limitMs: number): void {
  vi.advanceTimersByTime(ms - 1);
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1 + YIELD);
  expect(expired).toHaveBeenCalledExactlyOnceWith({ limit, limitMs, lag: 0 });
}

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

  it('asks for bytes that nobody told of before it runs out', () => {
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    let unseen = 3;
    clock.unseenProgress = () => unseen-- > 0;
    vi.advanceTimersByTime(300);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100 + 4 * YIELD);
    expect(expired).toHaveBeenCalledOnce();
  });
});

describe('a body that the consumer holds back', () => {
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

describe('total', () => {
  it('runs from the beginning, whatever the phases do', () => {
    const { clock, expired } = clockOf({ total: 100, read: 60 });
    clock.enter('tcp');
    vi.advanceTimersByTime(50);
    clock.enter('response');
    vi.advanceTimersByTime(45);
    clock.enter('body');
    clock.progress();
    expectExpiryIn(5, expired, 'total', 100);
  });
});

describe('a clock', () => {
  it('has one timer for all limits, and sets it anew only where one ends sooner', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const { clock } = clockOf({ connect: 5_000, read: 5_000, response: 5_000, body: 5_000, total: 1_000, queue: 5_000 });
    for (const phase of ['queue', 'lookup', 'tcp', 'send', 'response', 'body'] as const) clock.enter(phase);
    for (let i = 0; i < 1_000; i++) clock.progress();
    expect(vi.getTimerCount()).toBe(1);
    expect(setTimer).toHaveBeenCalledOnce();
    clock.stop();
  });

  it('has no timer without limits', () => {
    const { clock } = clockOf({});
    clock.enter('response');
    clock.enter('body');
    expect(vi.getTimerCount()).toBe(0);
    clock.stop();
  });

  it('leaves no timer when stopped, and nothing starts one again', () => {
    const { clock, expired } = clockOf({ total: 100, read: 50, body: 70, connect: 10 });
    clock.enter('response');
    clock.stop();
    clock.stop();
    clock.enter('tcp');
    clock.enter('body');
    clock.progress();
    clock.pause();
    clock.resume();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expired).not.toHaveBeenCalled();
  });

  it.each([2 ** 31, 2 ** 31 + 1, 2 ** 40, Number.MAX_SAFE_INTEGER])('holds limits of %d ms and never fires early', (ms) => {
    const { clock, expired } = clockOf({ total: ms, connect: ms, read: ms, response: ms });
    clock.enter('tcp');
    clock.enter('response');
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(expired).not.toHaveBeenCalled();
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('adds up the time of each phase, the running one included, and stands still when stopped', () => {
    const { clock } = clockOf({});
    const steps: [Phase, number][] = [
      ['queue', 1],
      ['lookup', 2],
      ['tcp', 3],
      ['tls', 4],
      ['send', 5],
      ['response', 6],
      ['queue', 10],
      ['response', 20],
      ['body', 7],
    ];
    for (const [phase, ms] of steps) {
      clock.enter(phase);
      vi.advanceTimersByTime(ms);
    }
    const timings = { waiting: 0, queue: 11, lookup: 2, tcp: 3, tls: 4, send: 5, response: 26, body: 7 };
    expect(clock.timings).toEqual(timings);
    clock.stop();
    vi.advanceTimersByTime(1_000);
    expect(clock.timings).toEqual(timings);
  });
});

describe('a limit that the event loop let ring late', () => {
  it('gets the lost time back, once, and says so', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ response: 100 });
    clock.enter('response');
    lose(60); // the timer will find itself 60 ms late
    vi.advanceTimersByTime(100);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(59);
    expect(expired).not.toHaveBeenCalled();
    lose(500);
    vi.advanceTimersByTime(1 + 2 * YIELD);
    expect(expired).toHaveBeenCalledOnce();
    expect(expired.mock.calls[0]?.[0]).toMatchObject({ limit: 'response', limitMs: 100 });
    expect(expired.mock.calls[0]?.[0].lag).toBeGreaterThanOrEqual(60);
  });

  it('gets no more than the limit itself', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    lose(5_000);
    vi.advanceTimersByTime(100);
    vi.advanceTimersByTime(99);
    expect(expired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 + 2 * YIELD);
    expect(expired).toHaveBeenCalledExactlyOnceWith({ limit: 'read', limitMs: 100, lag: 100 });
  });

  it('does not run out where the answer comes in that time', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ connect: 100, total: 100, response: 100 });
    clock.enter('tcp');
    lose(200);
    vi.advanceTimersByTime(100);
    vi.advanceTimersByTime(50);
    clock.stop();
    vi.advanceTimersByTime(10_000);
    expect(expired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not forgiven the few milliseconds that any timer is late', () => {
    const lose = blockable();
    const { clock, expired } = clockOf({ read: 100 });
    clock.enter('response');
    lose(15);
    vi.advanceTimersByTime(100 + YIELD);
    expect(expired).toHaveBeenCalledExactlyOnceWith({ limit: 'read', limitMs: 100, lag: 0 });
  });
});
