// How a breaker comes back: one probe at a time, and nothing from before decides. On a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BreakerEvent,
  type BreakerOpenError,
  type BreakerOptions,
  type BreakerSnapshot,
  type Client,
  createClient,
} from '../../src/index';
import { DEFAULT_BREAKER } from '../../src/options/breaker';
import { Breaker } from '../../src/policies/breaker-state';
import { ask, askTimes, ENDPOINT, errorOf, FakeUpstream, settled, URL } from './breaker-support';

let upstream: FakeUpstream;
let client: Client;
let events: BreakerEvent[];

function start(breaker: BreakerOptions = {}): void {
  client = createClient({ adapter: upstream.adapter, retry: false, breaker });
  client.on('breaker', (event) => events.push(event));
}

const snapshot = (): BreakerSnapshot => client.breakers.get(ENDPOINT);
const moves = (): string[] => events.map(({ from, to, reason }) => `${from} > ${to}: ${reason}`);

/** Opens it by ten failures. */
async function trip(): Promise<void> {
  upstream.does = 500;
  await askTimes(10, client);
  expect(snapshot().state).toBe('open');
  events.length = 0;
  upstream.requests = 0;
}

/** A call that hangs, as the next to be let through. */
async function hanging(config = {}): Promise<{ outcome: Promise<number | string>; answer: (status: number) => void }> {
  upstream.does = 'hang';
  const outcome = ask(client, config);
  await settled();
  const held = upstream.held.pop();
  if (!held) throw new Error('it was not let through');
  return { outcome, answer: (status) => held.answer(status) };
}

beforeEach(() => {
  vi.useFakeTimers();
  upstream = new FakeUpstream();
  events = [];
});

afterEach(async () => {
  await client.close();
  vi.useRealTimers();
});

describe('open', () => {
  it('lasts exactly openFor, and says how long is left', async () => {
    start();
    await trip();
    upstream.does = 200;
    vi.advanceTimersByTime(59_999);
    const error = (await errorOf(client.get(URL))) as BreakerOpenError;
    expect(error).toMatchObject({ name: 'BreakerOpenError', code: 'EBREAKEROPEN', endpoint: ENDPOINT, retryAfter: 1, reason: 'burst' });
    expect(upstream.requests).toBe(0);
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe(200);
    expect(moves()).toEqual(['open > half-open: due']);
  });

  it('is not made longer by calls that are refused', async () => {
    start();
    await trip();
    for (let i = 0; i < 59; i++) {
      vi.advanceTimersByTime(1_000);
      expect(await ask(client)).toBe('EBREAKEROPEN');
    }
    expect(snapshot()).toMatchObject({ calls: 10, retryAfter: 1_000 });
  });

  it('makes a new error for each refusal', async () => {
    start();
    await trip();
    const [one, other] = [await errorOf(client.get(URL)), await errorOf(client.get(URL))];
    expect(one).not.toBe(other);
    expect((one as Error).stack?.length).toBe((other as Error).stack?.length);
  });
});

describe('half-open', () => {
  it('lets one probe through; others are refused at once, never queued', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    const probe = await hanging();
    expect(await askTimes(20, client)).toEqual(Array(20).fill('EBREAKEROPEN'));
    expect(upstream.requests).toBe(1);
    probe.answer(200);
    expect(await probe.outcome).toBe(200);
    expect(upstream.requests).toBe(1);
  });

  it('says how long calls may be refused while all probes are under way, in the snapshot as in the error', async () => {
    start({ probes: 2 });
    await trip();
    vi.advanceTimersByTime(60_000);
    const first = await hanging();
    expect(snapshot()).toMatchObject({ state: 'half-open', retryAfter: 0 });
    const second = await hanging();
    vi.advanceTimersByTime(1_000);
    expect(await errorOf(client.get(URL))).toMatchObject({ retryAfter: 12_000 }); // of connect and read together
    expect(snapshot()).toMatchObject({ state: 'half-open', retryAfter: 12_000 });
    first.answer(200);
    await first.outcome;
    expect(snapshot()).toMatchObject({ state: 'half-open', retryAfter: 0 });
    second.answer(200);
    await second.outcome;
  });

  it('lets through as many at a time as it is told', async () => {
    start({ probes: 3 });
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = 'hang';
    const outcomes = Array.from({ length: 5 }, () => ask(client));
    await settled();
    expect(upstream.requests).toBe(3);
    for (const held of upstream.held) held.answer(200);
    expect(await Promise.all(outcomes)).toEqual([200, 200, 200, 'EBREAKEROPEN', 'EBREAKEROPEN']);
    expect(snapshot().state).toBe('closed');
  });

  it('closes after two successes, with empty windows', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = 200;
    await ask(client);
    expect(snapshot().state).toBe('half-open');
    await ask(client);
    expect(snapshot()).toMatchObject({ state: 'closed', calls: 0, failureRate: 0, retryAfter: 0 });
    upstream.does = 500;
    await askTimes(9, client);
    expect(snapshot().state).toBe('closed');
    await ask(client);
    expect(snapshot().state).toBe('open');
    expect(moves()).toEqual(['open > half-open: due', 'half-open > closed: probes-succeeded', 'closed > open: burst']);
  });

  it('counts successes from each time it is half-open anew', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = 200;
    await ask(client);
    upstream.does = 500;
    await ask(client);
    vi.advanceTimersByTime(120_000);
    upstream.does = 200;
    await ask(client);
    expect(snapshot().state).toBe('half-open');
  });

  it('opens for twice as long after each failing probe, up to maxOpenFor, and begins small again after it closed', async () => {
    start();
    await trip();
    for (const next of [120_000, 240_000, 300_000, 300_000]) {
      vi.advanceTimersByTime(snapshot().retryAfter);
      expect(await ask(client)).toBe(500);
      expect(snapshot()).toMatchObject({ state: 'open', retryAfter: next });
    }
    vi.advanceTimersByTime(300_000);
    upstream.does = 200;
    await askTimes(2, client);
    await trip();
    expect(snapshot().retryAfter).toBe(60_000);
  });

  it('never opens for less than before, where openFor is more than maxOpenFor', async () => {
    start({ openFor: 600_000, maxOpenFor: 300_000 });
    await trip();
    vi.advanceTimersByTime(600_000);
    await ask(client);
    expect(snapshot().retryAfter).toBe(600_000);
  });

  it('takes a 404 for a sign of life', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = 404;
    expect(await askTimes(2, client)).toEqual([404, 404]);
    expect(snapshot().state).toBe('closed');
  });

  it.each<[string, FakeUpstream['does']]>([
    ['throttled', 429],
    ['broken on this side', 'ERR_BAD_OPTION_VALUE'],
  ])('gives the permit of a probe that was %s back', async (_, does) => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    upstream.does = does;
    await askTimes(3, client);
    expect(upstream.requests).toBe(3);
    expect(snapshot().state).toBe('half-open');
  });

  it('gives the permit of a cancelled probe back: the next caller probes', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    const controller = new AbortController();
    const probe = await hanging({ signal: controller.signal });
    expect(await ask(client)).toBe('EBREAKEROPEN');
    controller.abort();
    expect(await probe.outcome).toBe('ERR_CANCELED');
    expect(snapshot().state).toBe('half-open');
    upstream.does = 200;
    expect(await ask(client)).toBe(200);
  });

  it('takes a slow probe for a failed one, whether it succeeds or its caller gives up', async () => {
    start({ slow: { after: 1_000 } });
    await trip();
    vi.advanceTimersByTime(60_000);
    const slow = await hanging();
    vi.advanceTimersByTime(1_000);
    slow.answer(200);
    expect(await slow.outcome).toBe(200);
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000 });
    vi.advanceTimersByTime(120_000);
    const controller = new AbortController();
    const given = await hanging({ signal: controller.signal });
    vi.advanceTimersByTime(1_000);
    controller.abort();
    expect(await given.outcome).toBe('ERR_CANCELED');
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 240_000 });
  });
});

describe('a probe that never comes back', () => {
  /** The attempt has no limit of its own, so only the permit's time ends it. */
  const FOR_EVER = { timeout: false, deadline: false } as const;

  it('has failed when an attempt should be over: nobody is locked out', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    const probe = await hanging(FOR_EVER);
    vi.advanceTimersByTime(9_999);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(snapshot()).toMatchObject({ state: 'half-open', inFlight: 1 });
    vi.advanceTimersByTime(1);
    expect(await ask(client)).toBe('EBREAKEROPEN');
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000 });
    probe.answer(200);
    expect(await probe.outcome).toBe(200);
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000, inFlight: 0 });
    vi.advanceTimersByTime(120_000);
    upstream.does = 200;
    await askTimes(2, client);
    expect(snapshot().state).toBe('closed');
  });

  it.each([
    [{ read: false }, 30_000, 29_000],
    [false, 30_000, 29_000],
    [{ read: false }, 1_000, 500], // cut short by its deadline it would be no verdict
  ] as const)('may be as late as its deadline where that is its only limit: timeout %o, deadline %i', async (timeout, deadline, late) => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    for (let i = 0; i < 2; i++) {
      const probe = await hanging({ timeout, deadline });
      vi.advanceTimersByTime(late);
      probe.answer(200);
      expect(await probe.outcome).toBe(200);
    }
    expect(snapshot().state).toBe('closed');
  });

  it('is no verdict where a short deadline cuts it short', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    const probe = await hanging({ timeout: false, deadline: 1_000 });
    await vi.advanceTimersByTimeAsync(1_010);
    expect(await probe.outcome).toBe('ETIMEDOUT');
    expect(snapshot()).toMatchObject({ state: 'half-open', inFlight: 0 });
  });

  it('fails at the time it was due, though nobody looked then', async () => {
    start();
    await trip();
    const opened = Date.now();
    vi.advanceTimersByTime(60_000);
    await hanging(FOR_EVER);
    vi.advanceTimersByTime(10_000 + 119_000);
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 1_000, since: opened + 70_000 });
    vi.advanceTimersByTime(3_600_000);
    expect(snapshot()).toMatchObject({ state: 'half-open', since: opened + 190_000 });
    upstream.does = 200;
    expect(await ask(client)).toBe(200);
    expect(moves()).toEqual(['open > half-open: due', 'half-open > open: probe-failed', 'open > half-open: due']);
  });

  it('has failed too when its answer comes after that, and nobody looked', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    const probe = await hanging(FOR_EVER);
    vi.advanceTimersByTime(10_000);
    probe.answer(200);
    await probe.outcome;
    expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000 });
  });

  it('tells each change in order, though all are noticed at once', async () => {
    start();
    await trip();
    vi.advanceTimersByTime(60_000);
    await hanging(FOR_EVER);
    vi.advanceTimersByTime(3_600_000);
    snapshot();
    expect(events.map(({ to, snapshot }) => [to, snapshot.state])).toEqual([
      ['half-open', 'half-open'],
      ['open', 'open'],
      ['half-open', 'half-open'],
    ]);
  });
});

it('in observe mode may have any number of probes under way, of which the first to be due has failed', () => {
  const breaker = new Breaker('k', { ...DEFAULT_BREAKER, mode: 'observe', openFor: 100 }, () => {});
  for (let i = 0; i < 10; i++) breaker.release(breaker.admit(Infinity, Infinity), 'failure');
  vi.advanceTimersByTime(100);
  breaker.look();
  expect(breaker.state).toBe('half-open');
  const probes = Array.from({ length: 200_000 }, (_, i) => breaker.admit(Infinity, 500 + ((i * 7) % 1_000)));
  for (const probe of probes.filter((_, i) => (i * 7) % 1_000 < 250)) breaker.release(probe, 'ignored');
  vi.advanceTimersByTime(749);
  breaker.look();
  expect(breaker.state).toBe('half-open');
  vi.advanceTimersByTime(1);
  breaker.look();
  expect(breaker.state).toBe('open');
});

describe('the result of a call from before a change of state', () => {
  const toClosed = async (): Promise<void> => {
    upstream.does = 200;
    await askTimes(2, client);
    expect(snapshot().state).toBe('closed');
  };
  const LATER = {
    open: async () => {},
    'half-open': async () => {
      vi.advanceTimersByTime(60_000);
      expect(snapshot().state).toBe('half-open');
    },
    'half-open, one success in': async () => {
      vi.advanceTimersByTime(60_000);
      upstream.does = 200;
      await ask(client);
    },
    'closed again': async () => {
      vi.advanceTimersByTime(60_000);
      await toClosed();
    },
    'open again': async () => {
      vi.advanceTimersByTime(60_000);
      await ask(client);
      expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000 });
    },
  };

  const patient = { timeout: 600_000, deadline: false } as const;

  for (const [name, change] of Object.entries(LATER)) {
    for (const status of [200, 500, 404, 429]) {
      it(`begun closed, ${status} when ${name}, moves and counts nothing`, async () => {
        start();
        const late: Awaited<ReturnType<typeof hanging>>[] = [];
        for (let i = 0; i < 30; i++) late.push(await hanging(patient));
        await trip();
        await change();
        const before = snapshot();
        const told = events.length;
        for (const call of late) {
          call.answer(status);
          expect(await call.outcome).toBe(status);
        }
        expect(snapshot()).toEqual({ ...before, inFlight: 0 });
        expect(events).toHaveLength(told);
      });
    }
  }

  it('does not move it by never coming: calls that hung before it closed are no news', async () => {
    start({ slow: { after: 1_000 } });
    for (let i = 0; i < 20; i++) await hanging({ timeout: false, deadline: false });
    vi.advanceTimersByTime(1_000);
    expect(snapshot()).toMatchObject({ state: 'open', inFlight: 20 });
    vi.advanceTimersByTime(60_000);
    await toClosed();
    vi.advanceTimersByTime(60_000);
    expect(snapshot()).toMatchObject({ state: 'closed', slowRate: 0, inFlight: 20 });
    upstream.does = 200;
    expect(await ask(client)).toBe(200);
  });

  for (const status of [200, 500]) {
    it(`begun as a probe, ${status} after another probe failed, moves nothing`, async () => {
      start({ probes: 2 });
      await trip();
      vi.advanceTimersByTime(60_000);
      const [late, first] = [await hanging(patient), await hanging(patient)];
      first.answer(500);
      await first.outcome;
      late.answer(status);
      await late.outcome;
      expect(snapshot()).toMatchObject({ state: 'open', retryAfter: 120_000 });
    });

    it(`begun as a probe, ${status} after others closed it, moves nothing`, async () => {
      start({ probes: 2, burst: { minCalls: 1 } });
      upstream.does = 500;
      await ask(client);
      vi.advanceTimersByTime(60_000);
      const late = await hanging(patient);
      await toClosed();
      late.answer(status);
      await late.outcome;
      expect(snapshot()).toMatchObject({ state: 'closed', calls: 0 });
    });
  }
});
