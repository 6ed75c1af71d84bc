// One attempt under its limits: it ends once, by itself where the I/O does not, and a stream that was handed out goes on under them.
import { Readable } from 'node:stream';
import { AxiosError, type AxiosResponse, CanceledError } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../src/call';
import type { Attempt } from '../../src/call/attempt';
import { isTimeout } from '../../src/errors';
import { attempt } from '../../src/policies/attempt';
import { PhaseClock } from '../../src/transport/phase-clock';
import type { Limits } from '../../src/words';
import { containedDefects } from '../setup/defects';
import { callOf } from './call-support';
import { YIELD } from './fake-clock';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer = (status = 200): AxiosResponse => ({ status, statusText: '', data: '', headers: {}, config: {} as never });
const refusal = (status: number): AxiosError => new AxiosError('refused', 'ERR_BAD_RESPONSE', undefined, {}, answer(status));

/** An attempt over a transport that does what the test tells it to. */
function begin(limits: Limits = {}) {
  const { call, observer } = callOf({ limits });
  let succeed: (response: AxiosResponse) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const transport = vi.fn(
    (_: Call) =>
      new Promise<AxiosResponse>((resolve, reject) => {
        succeed = resolve;
        fail = reject;
      }),
  );
  const run = () => attempt((limits, onExpiry, timer) => new PhaseClock(limits, onExpiry, timer))(transport)(call);
  const outcome = run();
  outcome.catch(() => {});
  const ends = () => observer.attemptEnded.mock.calls.map(([, , end]) => end);
  return { call, observer, transport, run, outcome, ends, running: call.attempt as Attempt, succeed, fail };
}

it('a stream that an adapter answers with when nobody waits any more is let go of', async () => {
  const { outcome, succeed } = begin({ total: 100 });
  await vi.advanceTimersByTimeAsync(101);
  await expect(outcome).rejects.toSatisfy(isTimeout);
  const data = new Readable({ read() {} });
  succeed({ ...answer(), data });
  await vi.advanceTimersByTimeAsync(1);
  expect(data.destroyed).toBe(true);
});

it('an adapter may answer with nothing when nobody waits any more', async () => {
  const { outcome, succeed } = begin({ total: 100 });
  await vi.advanceTimersByTimeAsync(101);
  await expect(outcome).rejects.toSatisfy(isTimeout);
  succeed(undefined as unknown as AxiosResponse);
  await vi.advanceTimersByTimeAsync(1);
  expect(containedDefects()).toEqual([]);
});

/** An attempt whose response is in and handed out as a stream. */
async function streaming(limits?: Limits) {
  const begun = begin(limits);
  begun.running.bodyOpen = true;
  begun.running.clock.enter('body');
  begun.succeed(answer());
  await begun.outcome;
  return begun;
}

/** An attempt that is refused by its status while the body of the refusal is still to come. */
async function refused(limits?: Limits) {
  const begun = begin(limits);
  begun.running.bodyOpen = true;
  begun.running.clock.enter('body');
  const body = new Readable({ read() {} });
  begun.fail(Object.assign(refusal(503), { response: { ...answer(503), data: body } }));
  await expect(begun.outcome).rejects.toMatchObject({ response: { status: 503 } });
  return { ...begun, body };
}

describe('an attempt', () => {
  it('ends with the answer, is reported once, and leaves no timer', async () => {
    const { call, observer, outcome, ends, running, succeed } = begin({ total: 1_000 });
    expect(running).toMatchObject({ number: 1, done: false, aborted: false, hops: 0 });
    vi.advanceTimersByTime(30);
    expect(running.elapsed).toBe(30);
    const response = answer(201);
    succeed(response);
    expect(await outcome).toBe(response);
    expect(observer.attemptEnded).toHaveBeenCalledExactlyOnceWith(call, running, {
      outcome: 'success',
      error: undefined,
      elapsed: 30,
      status: 201,
    });
    expect(running.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(ends()).toHaveLength(1);
    expect(observer.timedOut).not.toHaveBeenCalled();
  });

  it('is counted, and times itself', async () => {
    const { call, running, run, succeed, outcome } = begin();
    succeed(answer());
    await outcome;
    vi.advanceTimersByTime(500);
    run();
    expect(call.attempts).toBe(2);
    expect(call.attempt).not.toBe(running);
    expect(call.attempt).toMatchObject({ number: 2, elapsed: 0 });
  });

  it.each<[string, unknown, object]>([
    ['a status', refusal(503), { outcome: 'http-error', status: 503 }],
    ['the network', new AxiosError('reset', 'ECONNRESET'), { outcome: 'error', status: undefined }],
    ["an adapter's own abort", new CanceledError(), { outcome: 'canceled', status: undefined }],
    ['nothing that is known', undefined, { outcome: 'error', status: undefined }],
  ])('fails by %s', async (_, error, end) => {
    const { outcome, ends, running, fail } = begin({ total: 1_000 });
    fail(error);
    await expect(outcome.catch((reason: unknown) => ({ reason }))).resolves.toEqual({ reason: error });
    expect(ends()).toMatchObject([{ ...end, error }]);
    expect(running.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails by a transport that throws at once', async () => {
    const { call, observer } = callOf({ limits: { total: 1_000 } });
    const broken = new Error('at once');
    const throws = () => {
      throw broken;
    };
    const outcome = attempt((limits, onExpiry, timer) => new PhaseClock(limits, onExpiry, timer))(throws)(call);
    await expect(outcome).rejects.toBe(broken);
    expect(observer.attemptEnded.mock.calls).toMatchObject([[call, call.attempt, { outcome: 'error', error: broken }]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the status that its transport saw where the failure has none, and goes by it where both have one', async () => {
    for (const [error, status] of [
      [new AxiosError('reset', 'ECONNRESET'), 200],
      [refusal(503), 200],
    ] as const) {
      const { outcome, ends, running, fail } = begin();
      running.status = 200;
      fail(error);
      await outcome.catch(() => {});
      expect(ends()).toMatchObject([{ status }]);
    }
  });

  it('takes what an adapter answers as it is', async () => {
    const { outcome, ends, succeed } = begin();
    succeed(undefined as unknown as AxiosResponse);
    expect(await outcome).toBeUndefined();
    expect(ends()).toMatchObject([{ outcome: 'success', status: undefined }]);
  });

  it('for which no clock can be had is made all the same, held to no time', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { call, observer } = callOf({ limits: { total: 10 } });
    const noClock = () => {
      throw new Error('defect');
    };
    const response = answer();
    const transport = async () => {
      const { clock } = call.attempt as Attempt;
      expect(clock).toMatchObject({ phase: 'waiting', timings: {} });
      clock.enter('tcp');
      clock.progress();
      clock.pause();
      clock.resume();
      vi.advanceTimersByTime(1_000);
      return response;
    };
    for (let n = 0; n < 2; n++) expect(await attempt(noClock)(transport)(call)).toBe(response);
    expect(observer.attemptEnded.mock.calls.map(([, , { outcome }]) => outcome)).toEqual(['success', 'success']);
    expect(observer.timedOut).not.toHaveBeenCalled();
    expect(warn).toHaveBeenCalledOnce();
    expect(containedDefects()).toHaveLength(2);
    warn.mockRestore();
  });

  it('does not begin where its call has ended', async () => {
    const { call, transport, run } = begin();
    const reason = new Error('ended');
    call.end(reason);
    await expect(run()).rejects.toBe(reason);
    expect(transport).toHaveBeenCalledTimes(1);
    expect(call.attempts).toBe(1);
  });
});

describe('a limit that runs out', () => {
  it('ends the attempt at its time, though the transport hangs', async () => {
    const { call, observer, outcome, ends, running } = begin({ total: 1_000 });
    vi.advanceTimersByTime(999);
    await Promise.resolve();
    expect(ends()).toEqual([]);
    vi.advanceTimersByTime(1 + YIELD);
    const error = await outcome.catch((error: unknown) => error);
    expect(isTimeout(error)).toBe(true);
    expect(error).toMatchObject({ limit: 'total', limitMs: 1_000, elapsed: 1_000 + YIELD, attempts: 1 });
    expect(ends()).toMatchObject([{ outcome: 'timeout', error, elapsed: 1_000 + YIELD }]);
    expect(observer.timedOut).toHaveBeenCalledExactlyOnceWith(call, running, error);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says which phase it was, and whether anything can have been sent', async () => {
    const { outcome, running } = begin({ connect: 100 });
    running.clock.enter('tcp');
    vi.advanceTimersByTime(100 + YIELD);
    await expect(outcome).rejects.toMatchObject({ limit: 'connect', phase: 'tcp', kind: 'connect', safeToRetry: true });
  });

  it('lets go of what the transport holds, the latest first, and aborts its signal with the error', async () => {
    const { outcome, running } = begin({ total: 100 });
    const released: unknown[] = [];
    running.onAbort((reason) => released.push(['first', reason]));
    running.onAbort((reason) => released.push(['second', reason]));
    const { signal } = running;
    expect(signal.aborted).toBe(false);
    expect(running.signal).toBe(signal);
    vi.advanceTimersByTime(100 + YIELD);
    const error = await outcome.catch((error: unknown) => error);
    expect(released).toEqual([
      ['second', error],
      ['first', error],
    ]);
    expect(signal.reason).toBe(error);
    expect(running.aborted).toBe(true);
  });

  it('is told to a transport that comes with its release, or asks for the signal, only afterwards', async () => {
    const { outcome, running } = begin({ total: 100 });
    vi.advanceTimersByTime(100 + YIELD);
    const error = await outcome.catch((error: unknown) => error);
    const release = vi.fn();
    running.onAbort(release);
    expect(release).toHaveBeenCalledExactlyOnceWith(error);
    expect(running.signal.reason).toBe(error);
  });

  it.each<[string, 'succeed' | 'fail', unknown]>([
    ['an answer', 'succeed', answer()],
    ['a failure', 'fail', new AxiosError('socket hang up', 'ECONNRESET')],
  ])('is not undone by %s that comes later', async (_, how, what) => {
    const begun = begin({ total: 100 });
    vi.advanceTimersByTime(100 + YIELD);
    begun[how](what as never);
    await expect(begun.outcome).rejects.toMatchObject({ limit: 'total' });
    expect(begun.ends()).toHaveLength(1);
    expect(begun.ends()).toMatchObject([{ outcome: 'timeout', status: undefined }]);
  });
});

describe('an attempt whose call is ended from outside', () => {
  it('is stopped, once, and counts as canceled', async () => {
    const { call, observer, outcome, ends, running } = begin({ total: 100 });
    const release = vi.fn();
    running.onAbort(release);
    const reason = new CanceledError();
    call.end(reason);
    call.abandon(new Error('again'));
    await expect(outcome).rejects.toBe(reason);
    expect(release).toHaveBeenCalledExactlyOnceWith(reason);
    expect(ends()).toMatchObject([{ outcome: 'canceled', error: reason }]);
    vi.advanceTimersByTime(1_000);
    expect(ends()).toHaveLength(1);
    expect(observer.timedOut).not.toHaveBeenCalled();
  });

  it('is left alone when it is over: nothing is released that others may be using by now', async () => {
    const { call, outcome, ends, running, succeed } = begin();
    const release = vi.fn();
    running.onAbort(release);
    const { signal } = running;
    succeed(answer());
    await outcome;
    call.end(new CanceledError());
    expect(release).not.toHaveBeenCalled();
    expect(signal.aborted).toBe(false);
    expect(running.aborted).toBe(false);
    expect(ends()).toHaveLength(1);
  });
});

describe('a stream that was handed out', () => {
  it('is part of the attempt until its last byte', async () => {
    const { ends, running } = await streaming({ total: 1_000 });
    const over = vi.fn();
    running.whenOver(over);
    expect(running.done).toBe(true);
    vi.advanceTimersByTime(700);
    expect(ends()).toEqual([]);
    expect(over).not.toHaveBeenCalled();
    running.bodyEnded();
    expect(ends()).toMatchObject([{ outcome: 'success', error: undefined, elapsed: 700, status: 200 }]);
    expect(over).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
    running.bodyEnded(new Error('late'));
    expect(ends()).toHaveLength(1);
  });

  it('is not let go of by being handed out', async () => {
    const data = new Readable({ read() {} });
    const { running, outcome, succeed } = begin();
    running.bodyOpen = true;
    succeed({ ...answer(), data });
    expect((await outcome).data.destroyed).toBe(false);
  });

  it('that breaks off is a failure of the attempt', async () => {
    const { ends, running } = await streaming();
    const error = new Error('cut short');
    running.bodyEnded(error);
    expect(ends()).toMatchObject([{ outcome: 'error', error, status: 200 }]);
  });

  it('that its reader drops is canceled, by no error', async () => {
    const { ends, running } = await streaming();
    running.bodyEnded(null);
    expect(ends()).toMatchObject([{ outcome: 'canceled', error: undefined }]);
    expect(ends()[0]?.error).toBeUndefined();
  });

  it('is stopped when a limit runs out', async () => {
    const { call, observer, ends, running } = await streaming({ read: 100 });
    const release = vi.fn();
    running.onAbort(release);
    vi.advanceTimersByTime(100 + YIELD);
    expect(ends()).toMatchObject([{ outcome: 'timeout', error: { limit: 'read', phase: 'body' } }]);
    expect(observer.timedOut).toHaveBeenCalledExactlyOnceWith(call, running, ends()[0]?.error);
    expect(release).toHaveBeenCalledExactlyOnceWith(ends()[0]?.error);
    expect(running.bodyOpen).toBe(false);
  });

  it('is stopped when its call is', async () => {
    const { call, ends } = await streaming();
    call.end(new CanceledError());
    expect(ends()).toMatchObject([{ outcome: 'canceled', status: 200 }]);
  });
});

describe('a body that is read before the answer is handed out', () => {
  it('that ends without having begun stops no clock', async () => {
    const { outcome, ends, running } = begin({ total: 100 });
    running.bodyEnded();
    vi.advanceTimersByTime(100 + YIELD);
    await expect(outcome).rejects.toMatchObject({ limit: 'total' });
    expect(ends()).toMatchObject([{ outcome: 'timeout' }]);
  });

  it('is held to time until its last byte, and no longer', async () => {
    const { outcome, ends, running, succeed } = begin({ total: 1_000 });
    running.bodyOpen = true;
    running.clock.enter('body');
    running.bodyEnded();
    expect(ends()).toEqual([]);
    vi.advanceTimersByTime(5_000); // transforms take their time
    succeed(answer());
    expect((await outcome).status).toBe(200);
    expect(ends()).toMatchObject([{ outcome: 'success' }]);
    expect(running.clock.timings.body).toBe(0);
  });

  it('that breaks off is told once, by the failure', async () => {
    const { outcome, ends, running, fail } = begin();
    running.bodyOpen = true;
    running.bodyEnded(new Error('aborted'));
    const error = new AxiosError('aborted', 'ECONNRESET');
    fail(error);
    await expect(outcome).rejects.toBe(error);
    expect(ends()).toMatchObject([{ outcome: 'error', error }]);
  });

  it("that is still open when the attempt fails without an answer is nobody's, and what holds it is released, the latest first", async () => {
    const { outcome, ends, running, fail } = begin({ total: 1_000 });
    running.bodyOpen = true;
    const released: unknown[] = [];
    running.onAbort((reason) => released.push('first', reason));
    running.onAbort((reason) => released.push('second', reason));
    const error = new AxiosError('too large', 'ERR_BAD_RESPONSE');
    fail(error);
    await outcome.catch(() => {});
    expect(released).toEqual(['second', error, 'first', error]);
    expect(ends()).toMatchObject([{ outcome: 'error' }]);
    expect(running.bodyOpen).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the body of a refusal', () => {
  it('goes on under the limits, and the attempt stays an HTTP error however it ends', async () => {
    const whole = await refused({ total: 1_000 });
    expect(whole.ends()).toEqual([]);
    expect(whole.running.done).toBe(true);
    whole.running.bodyEnded();
    expect(whole.ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);

    const broken = await refused();
    broken.running.bodyEnded(new Error('cut short'));
    expect(broken.ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);

    const abandoned = await refused();
    abandoned.call.abandon(new Error('tried again'));
    expect(abandoned.ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);
  });

  it('that comes too slowly to its reader is a timeout', async () => {
    const { observer, ends, body } = await refused({ read: 100 });
    body.resume();
    vi.advanceTimersByTime(100 + YIELD);
    expect(ends()).toMatchObject([{ outcome: 'timeout', status: 503 }]);
    expect(observer.timedOut).toHaveBeenCalledTimes(1);
  });

  it.each<[limits: Limits, after: number]>([
    [{ read: 100 }, 100],
    [{}, 10_000],
  ])('that nobody reads under %j is released after %i ms, which is no timeout', async (limits, after) => {
    const { running, observer, ends, body } = await refused(limits);
    running.clock.pause();
    vi.advanceTimersByTime(after - 1);
    expect([body.destroyed, ends()]).toEqual([false, []]);
    vi.advanceTimersByTime(1 + 3 * YIELD); // the alarm of `read`, which is held back, has its turn first
    expect(body.destroyed).toBe(true);
    running.bodyEnded(null);
    expect(ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);
    expect(observer.timedOut).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that nobody reads is no timeout either where `total` runs out', async () => {
    const { observer, ends, body } = await refused({ total: 50, read: 100 });
    vi.advanceTimersByTime(50 + YIELD);
    expect(ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);
    expect(observer.timedOut).not.toHaveBeenCalled();
    vi.advanceTimersByTime(50 + YIELD);
    expect(body.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of which all is here already is released as well, unless it is read to its end', async () => {
    for (const isRead of [false, true]) {
      const { running, outcome, ends, fail } = begin({ read: 100 });
      const body = Readable.from(['no']);
      running.bodyOpen = true;
      running.bodyEnded();
      fail(Object.assign(refusal(503), { response: { ...answer(503), data: body } }));
      await expect(outcome).rejects.toMatchObject({ response: { status: 503 } });
      expect(ends()).toMatchObject([{ outcome: 'http-error', status: 503 }]);
      if (isRead) for await (const _chunk of body);
      vi.advanceTimersByTime(99);
      expect(body.destroyed).toBe(isRead);
      vi.advanceTimersByTime(1 + YIELD);
      expect(body.destroyed).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('that is being read is left to its reader', async () => {
    const { running, body } = await refused({ read: 100 });
    body.resume();
    running.clock.pause();
    vi.advanceTimersByTime(1_000);
    expect(body.destroyed).toBe(false);
  });
});

describe('what is to be done when an attempt is over', () => {
  it('is done once it is, or at once where it is already', async () => {
    const { outcome, running, succeed } = begin();
    const before = vi.fn();
    const after = vi.fn();
    running.whenOver(before);
    expect(before).not.toHaveBeenCalled();
    succeed(answer());
    await outcome;
    expect(before).toHaveBeenCalledTimes(1);
    running.whenOver(after);
    expect(after).toHaveBeenCalledTimes(1);
    expect(before).toHaveBeenCalledTimes(1);
  });

  it('is done though something else of that fails', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { outcome, running, succeed } = begin();
    const rest = vi.fn();
    running.whenOver(() => {
      throw new Error('defect');
    });
    running.whenOver(rest);
    const response = answer();
    succeed(response);
    expect(await outcome).toBe(response);
    expect(rest).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledOnce();
    expect(containedDefects()).toHaveLength(1);
    warn.mockRestore();
  });
});
