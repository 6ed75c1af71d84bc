// The client's events: handlers are isolated from the call and from each other.
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Events } from '../../src/telemetry/events';
import type { CallRecord } from '../../src/telemetry/record';

const record = { id: 'a', attempts: 1 } as CallRecord;
let warn: ReturnType<typeof vi.spyOn>;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  process.on('unhandledRejection', onUnhandled);
});
afterEach(() => {
  process.off('unhandledRejection', onUnhandled);
  vi.restoreAllMocks();
});

describe('events', () => {
  it('reach every handler of their type, and only those', () => {
    const events = new Events();
    const [a, b, other] = [vi.fn(), vi.fn(), vi.fn()];
    events.on('call', a);
    events.on('call', b);
    events.on('attempt', other);
    events.emit('call', () => record);
    expect(a).toHaveBeenCalledExactlyOnceWith(record);
    expect(b).toHaveBeenCalledExactlyOnceWith(record);
    expect(other).not.toHaveBeenCalled();
  });

  it('reach a handler of * with their type', () => {
    const events = new Events();
    const all = vi.fn();
    events.on('*', all);
    events.emit('call', () => record);
    expect(all).toHaveBeenCalledExactlyOnceWith('call', record);
  });

  it.each(['timeouts', '', 'toString', undefined])('are none of the name %j, which is refused with those that there are', (type) => {
    const names = 'attempt, call, timeout, retry, breaker, limited, fallback, beacon, alert, \\*';
    const events = new Events();
    expect(() => events.on(type as 'call', () => {})).toThrow(new RegExp(`There is no such event\\. The events are ${names}\\.$`));
    expect(() => events.off(type as 'call', () => {})).not.toThrow();
  });

  it.each([undefined, null, {}, 'log'])('are not to be heard by %j, which is no handler', (handler) => {
    expect(() => new Events().on('call', handler as never)).toThrow(/^handler: .* is not valid\. It takes a function\.$/);
  });

  it('are not even made where nobody listens', () => {
    const events = new Events();
    const make = vi.fn(() => record);
    events.emit('call', make);
    const stop = events.on('attempt', () => {});
    events.emit('call', make);
    stop();
    expect(make).not.toHaveBeenCalled();
    const off = events.on('call', () => {});
    off();
    events.emit('call', make);
    expect(make).not.toHaveBeenCalled();
  });

  it('reach the others although one handler throws, and it is told of once', () => {
    const events = new Events();
    const after = vi.fn();
    events.on('call', () => {
      throw new Error('broken');
    });
    events.on('call', after);
    for (let i = 0; i < 3; i++) expect(() => events.emit('call', () => record)).not.toThrow();
    expect(after).toHaveBeenCalledTimes(3);
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toContain("'call'");
  });

  it('leave no unhandled rejection where an async handler rejects, also one that is a thenable', async () => {
    const events = new Events();
    events.on('call', (async () => {
      throw new Error('broken later');
    }) as () => void);
    events.emit('call', () => record);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).toEqual([]);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('leave alone what only has a then: it may send a query', () => {
    const events = new Events();
    const query = Object.defineProperty({}, 'then', { value: vi.fn() }) as { then: () => void };
    events.on('call', () => query as never);
    events.emit('call', () => record);
    expect(query.then).not.toHaveBeenCalled();
  });

  it('leave none either where the promise is of another realm, as in test runners', async () => {
    const events = new Events();
    events.on('call', runInNewContext("async () => { throw new Error('broken elsewhere') }"));
    events.emit('call', () => record);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(unhandled).toEqual([]);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('stop by off, and by what on returned, as often as that is called', () => {
    const events = new Events();
    const [a, b] = [vi.fn(), vi.fn()];
    events.on('call', a);
    const stop = events.on('call', b);
    events.off('call', a);
    events.off('call', a);
    events.off('attempt', b);
    events.emit('call', () => record);
    expect(a).not.toHaveBeenCalled();
    expect(b).toHaveBeenCalledOnce();
    stop();
    stop();
    events.emit('call', () => record);
    expect(b).toHaveBeenCalledOnce();
  });

  it('call the same handler as often as it was added, and take it off once at a time', () => {
    const events = new Events();
    const twice = vi.fn();
    const first = events.on('call', twice);
    events.on('call', twice);
    events.emit('call', () => record);
    expect(twice).toHaveBeenCalledTimes(2);
    first();
    first();
    events.emit('call', () => record);
    expect(twice).toHaveBeenCalledTimes(3);
    events.off('call', twice);
    events.emit('call', () => record);
    expect(twice).toHaveBeenCalledTimes(3);
  });

  it('let a handler take itself off while it is called', () => {
    const events = new Events();
    const after = vi.fn();
    const once = vi.fn(() => stop());
    const stop = events.on('call', once);
    events.on('call', after);
    events.emit('call', () => record);
    events.emit('call', () => record);
    expect(once).toHaveBeenCalledOnce();
    expect(after).toHaveBeenCalledTimes(2);
  });
});
