// The lines of logTo: their fields, how many there are in a second, and loggers that fail.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LogLine, type LogOptions, logTo, type TimeoutLine, type WarnLogger } from '../../src/exporters/log';
import type { BreakerEvent } from '../../src/policies/breaker';
import type { Alert } from '../../src/telemetry/alerts';
import { Events } from '../../src/telemetry/events';
import type { AttemptRecord } from '../../src/telemetry/record';

const ENDPOINT = 'GET https://api.test/users/:id';
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const RECORD: AttemptRecord = {
  id: '1-abc',
  attempt: 1,
  endpoint: ENDPOINT,
  method: 'GET',
  url: 'https://api.test/users/7?token=REDACTED',
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  elapsed: 502.7,
  timings: { tcp: 1, response: 500 },
  timedOut: true,
  limit: 'read',
  phase: 'response',
  kind: 'read',
  lag: 0,
  code: 'ETIMEDOUT',
  outcome: 'timeout',
  reusedSocket: false,
  traceId: TRACE,
};

const LINE = {
  event: 'timeout',
  endpoint: ENDPOINT,
  'http.request.method': 'GET',
  'url.full': 'https://api.test/users/7?token=REDACTED',
  'error.type': 'timeout',
  'breakwater.limit': 'read',
  'breakwater.phase': 'response',
  'breakwater.kind': 'read',
  'breakwater.elapsed_ms': 503,
  'breakwater.call_id': '1-abc',
  trace_id: TRACE,
};

const BREAKER: BreakerEvent = {
  endpoint: ENDPOINT,
  from: 'closed',
  to: 'open',
  reason: 'burst',
  snapshot: {
    endpoint: ENDPOINT,
    state: 'open',
    since: 1,
    retryAfter: 60_000,
    calls: 12,
    failureRate: 2 / 3,
    slowRate: 0,
    inFlight: 1,
  },
};

const ALERT: Alert = {
  endpoint: ENDPOINT,
  reason: 'surge',
  status: 'firing',
  rate: 0.30004,
  baseline: 0.02,
  calls: 40,
  timeouts: 12,
  startedAt: Date.UTC(2026, 0, 2),
  recent: [RECORD, { ...RECORD, attempt: 2, status: 200, phase: 'body' }],
};

let events: Events;
let stop: () => void;
let lines: LogLine[];
let messages: string[];

const timeout = (record: Partial<AttemptRecord> = {}): void => events.emit('timeout', () => ({ ...RECORD, ...record }));
const suppressed = (): (number | undefined)[] => lines.map((line) => (line as TimeoutLine).suppressed);

function log(options?: LogOptions): void {
  stop = logTo(
    events,
    (line, message) => {
      lines.push(line);
      messages.push(message);
    },
    options,
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  events = new Events();
  lines = [];
  messages = [];
});
afterEach(() => {
  stop?.();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the line of', () => {
  beforeEach(() => log());

  it('a timeout', () => {
    timeout();
    expect(lines).toStrictEqual([LINE]);
    expect(messages).toEqual([`${ENDPOINT} timed out after 503 ms (limit read, phase response)`]);
  });

  it('a timeout of a retry, in the body, on a busy event loop', () => {
    timeout({ attempt: 3, status: 200, lag: 41.6, phase: 'body' });
    expect(lines).toStrictEqual([
      {
        ...LINE,
        'http.response.status_code': 200,
        'http.request.resend_count': 2,
        'breakwater.phase': 'body',
        'breakwater.lag_ms': 42,
      },
    ]);
  });

  it('a deadline before the first attempt', () => {
    timeout({ attempt: 0, limit: 'deadline', phase: 'waiting', kind: 'unknown' });
    expect(lines).toStrictEqual([{ ...LINE, 'breakwater.limit': 'deadline', 'breakwater.phase': 'waiting', 'breakwater.kind': 'unknown' }]);
  });

  it('a breaker', () => {
    events.emit('breaker', () => BREAKER);
    expect(lines).toStrictEqual([
      {
        event: 'breaker',
        endpoint: ENDPOINT,
        'breakwater.breaker.from': 'closed',
        'breakwater.breaker.to': 'open',
        'breakwater.breaker.reason': 'burst',
        'breakwater.breaker.calls': 12,
        'breakwater.breaker.failure_rate': 0.667,
        'breakwater.breaker.slow_rate': 0,
        'breakwater.breaker.retry_after_ms': 60_000,
      },
    ]);
    expect(messages).toEqual([`Breaker of ${ENDPOINT}: closed -> open (burst)`]);
  });

  it.each([0, Number.MAX_SAFE_INTEGER])('a breaker of which nobody knows when it lets through (%d)', (retryAfter) => {
    events.emit('breaker', () => ({ ...BREAKER, snapshot: { ...BREAKER.snapshot, retryAfter } }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toHaveProperty(['breakwater.breaker.retry_after_ms']);
  });

  it('an alert, with the latest timeouts', () => {
    events.emit('alert', () => ALERT);
    const recent = {
      at: '2026-01-02T03:04:05.678Z',
      url: 'https://api.test/users/7?token=REDACTED',
      elapsed_ms: 503,
      trace_id: TRACE,
    };
    expect(lines).toStrictEqual([
      {
        event: 'alert',
        endpoint: ENDPOINT,
        'breakwater.alert.status': 'firing',
        'breakwater.alert.reason': 'surge',
        'breakwater.alert.rate': 0.3,
        'breakwater.alert.baseline': 0.02,
        'breakwater.alert.calls': 40,
        'breakwater.alert.timeouts': 12,
        'breakwater.alert.started_at': '2026-01-02T00:00:00.000Z',
        recent_timeouts: [
          { ...recent, phase: 'response', status: null, attempt: 1 },
          { ...recent, phase: 'body', status: 200, attempt: 2 },
        ],
      },
    ]);
    expect(messages).toEqual([`Alert firing for ${ENDPOINT} (surge): 12 of 40 attempts timed out in the last 60 s`]);
  });

  it('the end of an alert', () => {
    events.emit('alert', () => ({ ...ALERT, status: 'resolved', endedAt: Date.UTC(2026, 0, 2, 1) }));
    expect(lines).toMatchObject([{ 'breakwater.alert.status': 'resolved', 'breakwater.alert.ended_at': '2026-01-02T01:00:00.000Z' }]);
  });

  it('lost beacons', () => {
    events.emit('beacon', () => ({ reason: 'timeout', count: 1, bytes: 9, url: 'https://c.test/?k=REDACTED' }));
    expect(lines).toStrictEqual([
      {
        event: 'beacon',
        'breakwater.beacon.dropped': 1,
        'breakwater.beacon.reasons': { timeout: 1 },
        'url.full': 'https://c.test/?k=REDACTED',
      },
    ]);
    expect(messages).toEqual(['1 beacon dropped (timeout 1)']);
  });

  it('each is JSON, with nothing lost on the way', () => {
    timeout({ attempt: 2 });
    events.emit('breaker', () => BREAKER);
    events.emit('alert', () => ALERT);
    events.emit('beacon', () => ({ reason: 'rejected', count: 3, bytes: 9, url: 'https://c.test/' }));
    expect(JSON.parse(JSON.stringify(lines))).toStrictEqual(lines);
    expect(lines.map(({ event }) => event)).toEqual(['timeout', 'breaker', 'alert', 'beacon']);
  });
});

describe('of timeouts there is', () => {
  beforeEach(() => log());

  it('one line a second and endpoint, with the latest of the others and their count', () => {
    for (let i = 1; i <= 100; i++) timeout({ id: `call-${i}` });
    expect(lines).toStrictEqual([{ ...LINE, 'breakwater.call_id': 'call-1' }]);
    vi.advanceTimersByTime(999);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(lines.slice(1)).toStrictEqual([{ ...LINE, 'breakwater.call_id': 'call-100', suppressed: 98 }]);
    expect(messages[1]).toBe(`${ENDPOINT} timed out after 503 ms (limit read, phase response); 98 more since the line before`);
  });

  it('a line for each that comes alone, and a second of silence after a held one too', () => {
    timeout();
    vi.advanceTimersByTime(500);
    timeout();
    vi.advanceTimersByTime(500);
    timeout();
    expect(suppressed()).toEqual([undefined, undefined]);
    vi.advanceTimersByTime(1_000);
    expect(suppressed()).toEqual([undefined, undefined, undefined]);
    vi.advanceTimersByTime(1_000);
    timeout();
    expect(suppressed()).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('nothing lost: lines and counts add up, whatever the traffic', () => {
    let sent = 0;
    for (let ms = 0; ms < 10_000; ms += 7) {
      timeout({ endpoint: sent % 3 ? 'a' : 'b' });
      sent++;
      vi.advanceTimersByTime(7);
    }
    stop();
    expect(lines.length).toBeGreaterThanOrEqual(20);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.length + suppressed().reduce<number>((total, count) => total + (count ?? 0), 0)).toBe(sent);
  });

  it('a second of its own for each endpoint', () => {
    for (const endpoint of ['a', 'b', 'a', 'b', 'b']) timeout({ endpoint });
    vi.advanceTimersByTime(1_000);
    expect(lines.map((line) => [(line as TimeoutLine).endpoint, (line as TimeoutLine).suppressed])).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['a', undefined],
      ['b', 1],
    ]);
  });

  it('one second shared by the endpoints beyond 200, and a new one for whoever comes later', () => {
    for (let i = 0; i < 5_000; i++) timeout({ endpoint: `endpoint ${i}` });
    expect(lines).toHaveLength(201);
    expect(vi.getTimerCount()).toBe(201);
    vi.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(202);
    expect(lines[201]).toMatchObject({ endpoint: 'endpoint 4999', suppressed: 4_798 });
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
    timeout({ endpoint: 'late' });
    timeout({ endpoint: 'later' });
    expect(lines.slice(202)).toMatchObject([{ endpoint: 'late' }, { endpoint: 'later' }]);
  });

  it('nothing lost: lines and counts add up, also where more endpoints than are told apart have timeouts all the time', () => {
    let made = 0;
    for (let tenths = 0; tenths < 40; tenths++) {
      for (let endpoint = 0; endpoint < 250; endpoint++, made++) timeout({ endpoint: `endpoint ${endpoint}` });
      vi.advanceTimersByTime(100);
    }
    stop();
    expect(lines.length + suppressed().reduce<number>((total, count) => total + (count ?? 0), 0)).toBe(made);
  });
});

it('of lost beacons there is one line a minute, with the total by reason', () => {
  log();
  const url = 'https://c.test/';
  events.emit('beacon', () => ({ reason: 'timeout', count: 2, bytes: 1, url }));
  for (let i = 0; i < 59; i++) {
    vi.advanceTimersByTime(1_000);
    events.emit('beacon', () => ({ reason: i % 2 ? 'timeout' : 'queue_full', count: 3, bytes: 1, url: `${url}${i}` }));
  }
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(lines.slice(1)).toStrictEqual([
    {
      event: 'beacon',
      'breakwater.beacon.dropped': 177,
      'breakwater.beacon.reasons': { queue_full: 90, timeout: 87 },
      'url.full': 'https://c.test/58',
    },
  ]);
  expect(messages[1]).toBe('177 beacons dropped (queue_full 90, timeout 87)');
});

describe('detached', () => {
  it('it tells what it held, leaves no timer, and hears nothing more', () => {
    log();
    for (let i = 0; i < 4; i++) timeout();
    for (const count of [1, 2]) events.emit('beacon', () => ({ reason: 'rejected', count, bytes: 1, url: 'https://c.test/' }));
    stop();
    expect(lines.slice(2)).toMatchObject([{ event: 'timeout', suppressed: 2 }, { 'breakwater.beacon.dropped': 2 }]);
    expect(vi.getTimerCount()).toBe(0);
    timeout();
    events.emit('breaker', () => BREAKER);
    events.emit('alert', () => ALERT);
    stop();
    expect(lines).toHaveLength(4);
  });
});

describe('events', () => {
  it('are those that were asked for', () => {
    log({ events: ['alert', 'alert'] });
    timeout();
    events.emit('breaker', () => BREAKER);
    events.emit('beacon', () => ({ reason: 'rejected', count: 1, bytes: 1, url: 'https://c.test/' }));
    events.emit('alert', () => ALERT);
    expect(lines.map(({ event }) => event)).toEqual(['alert']);
  });
});

describe('a message', () => {
  it.each([
    ['GET https://a.test/%c3%a9t%C3%A9/menu', 'GET https://a.test/…t…/menu'],
    ['100 %d', '100 …d'],
    ['name\nbreakwater: forged\u2028line\u0000', 'name…breakwater: forged…line…'],
  ])('holds no placeholder and no line break, the line has all: %j', (endpoint, shown) => {
    log();
    timeout({ endpoint });
    expect(messages[0]).toBe(`${shown} timed out after 503 ms (limit read, phase response)`);
    expect(lines[0]).toMatchObject({ endpoint });
  });
});

describe('console', () => {
  const warned = (): unknown[][] => vi.mocked(console.warn).mock.calls;
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    stop = logTo(events, console);
  });

  it('gets no control characters or line separators, but the JSON has them, escaped', () => {
    const endpoint = 'name\u009b31m\u2028\u2029\u0000\u007f';
    timeout({ endpoint });
    const [[text] = []] = warned();
    expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(String(text).replace(/^.*?\{/, '{'))).toMatchObject({ endpoint });
  });

  it('gets one line of text that ends in JSON', () => {
    timeout();
    expect(warned()).toEqual([[`breakwater: ${ENDPOINT} timed out after 503 ms (limit read, phase response) ${JSON.stringify(LINE)}`]]);
  });

  it('of a page gets the object, to be opened', () => {
    vi.stubGlobal('document', {});
    timeout();
    expect(warned()).toEqual([[`breakwater: ${ENDPOINT} timed out after 503 ms (limit read, phase response)`, LINE]]);
  });
});

describe('a logger that', () => {
  const failure = new Error('disk full');
  let warn: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  const toldOnce = (): void =>
    expect(warn).toHaveBeenCalledExactlyOnceWith('breakwater: the logger given to logTo failed; nothing else is affected.', failure.stack);

  it('throws, also from a timer, is told of once; once it works again it gets what it should', () => {
    let broken = true;
    stop = logTo(events, (line) => {
      if (broken) throw failure;
      lines.push(line);
    });
    for (let i = 0; i < 5; i++) timeout();
    vi.advanceTimersByTime(1_000);
    broken = false;
    for (let i = 0; i < 5; i++) timeout();
    vi.advanceTimersByTime(1_000);
    expect(suppressed()).toEqual([4]);
    toldOnce();
  });

  it('throws is told of once, however many clients log to it', () => {
    const fails = (): never => {
      throw failure;
    };
    const stops = [logTo(events, fails), logTo(events, fails)];
    timeout();
    for (const end of stops) end();
    toldOnce();
  });

  it('is a console that throws harms nobody', () => {
    warn.mockImplementation(() => {
      throw failure;
    });
    stop = logTo(events, console);
    for (let i = 0; i < 3; i++) timeout();
    expect(() => vi.advanceTimersByTime(1_000)).not.toThrow();
    expect(warn).toHaveBeenCalledTimes(3);
  });

  it('rejects, is told of once', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    stop = logTo(events, () => Promise.reject(failure));
    events.emit('breaker', () => BREAKER);
    events.emit('breaker', () => BREAKER);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    toldOnce();
  });

  it('makes another timeout while it logs one, or detaches, does not go round in circles', () => {
    stop = logTo(events, (line) => {
      lines.push(line);
      timeout();
      if (lines.length === 3) stop();
    });
    timeout();
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(10_000);
    expect(lines).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what cannot be meant is refused:', () => {
  const LOGGER = /^logger: .* is not valid\. It takes console, a pino or winston logger .*, or a function/;
  it.each([[{}], [undefined], [null], ['console'], [{ warn: 'x' }], [{ warning() {} }]])('logger %j', (logger) => {
    expect(() => logTo(events, logger as unknown as WarnLogger)).toThrow(LOGGER);
  });

  it.each([[{}], [undefined], [console]])('client %j', (client) => {
    expect(() => logTo(client as unknown as Events, console)).toThrow(/^client: .* It takes what createClient or protect gave\./);
  });

  it.each([['timeout'], [['timeouts']], [null]])('events %j', (wrong) => {
    expect(() => logTo(events, console, { events: wrong as unknown as [] })).toThrow(
      /^events: .* 'timeout', 'breaker', 'alert', 'beacon'\./,
    );
  });

  it.each([
    [{ event: ['timeout'] }, /^event: .*There is no such option\. The options are events\./],
    [['timeout'], /^options: .*It takes an object\./],
    [null, /^options: null is not valid\. It takes an object\./],
  ])('options %j', (wrong, message) => {
    expect(() => logTo(events, console, wrong as never)).toThrow(message);
  });

  it('but not options in a module of their own', () => {
    expect(() => logTo(events, console, { events: ['timeout'], ...{ [Symbol.toStringTag]: 'Module' } })()).not.toThrow();
  });
});
