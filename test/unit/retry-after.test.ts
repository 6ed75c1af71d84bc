// Retry-After: never earlier than asked, never longer than allowed, and nothing but the header's two forms.
import { AxiosHeaders } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../src/index';
import { retryAfterOf } from '../../src/util/retry-after';
import { clientOver, failed, gaps, settled } from './retry-support';

const NOW = Date.parse('2026-01-01T12:00:00Z');

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const asking = (value: string, date?: string) => ({ status: 503, headers: { 'retry-after': value, ...(date && { date }) } });

describe('the header', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['1.5', 1_500],
    ['0.0001', 1],
    ['3000000', 3_000_000_000],
    ['Thu, 01 Jan 2026 12:00:07 GMT', 7_000],
    ['Thursday, 01-Jan-26 12:00:07 GMT', 7_000],
    ['Thu Jan  1 12:00:07 2026', 7_000],
    ['2026-01-01T12:00:07Z', 7_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('%j means %i ms', (value, ms) => {
    expect(retryAfterOf({ 'retry-after': value })).toBe(ms);
    expect(retryAfterOf(new AxiosHeaders({ 'Retry-After': value }))).toBe(ms);
    expect(retryAfterOf(new Headers({ 'Retry-After': value }))).toBe(ms);
    expect(retryAfterOf({ 'Retry-After': value })).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '-5',
    '+5',
    '1e3',
    '5s',
    '5 seconds',
    'soon',
    'later 1',
    '5, 10',
    'NaN',
    'Infinity',
    '0x10',
    'Thu, 99 Jan 2026 12:00:07 GMT',
    'Thu, 01 Jan 2026 12:00:07 GMT (about)',
  ])('%j means nothing', (value) => {
    expect(retryAfterOf({ 'retry-after': value })).toBeUndefined();
  });

  it('may be missing, as may the headers', () => {
    expect(retryAfterOf(undefined)).toBeUndefined();
    expect(retryAfterOf({})).toBeUndefined();
    expect(retryAfterOf({ 'retry-after': undefined })).toBeUndefined();
  });

  it('is a date of Greenwich where it names no zone, wherever the client runs', () => {
    vi.stubEnv('TZ', 'Asia/Kolkata');
    expect(retryAfterOf({ 'retry-after': 'Thu Jan  1 12:00:07 2026' })).toBe(7_000);
    expect(retryAfterOf({ 'retry-after': 'Thursday, 01-Jan-26 12:00:07 GMT' })).toBe(7_000);
    vi.unstubAllEnvs();
  });

  it("is a date of the server's clock, where the server tells it", () => {
    const date = 'Thu, 01 Jan 2026 09:00:00 GMT'; // three hours behind
    expect(retryAfterOf({ 'retry-after': 'Thu, 01 Jan 2026 09:00:04 GMT', date })).toBe(4_000);
    expect(retryAfterOf({ 'retry-after': 'Thu, 01 Jan 2026 12:00:04 GMT', date: 'what?' })).toBe(4_000);
  });

  it('is rounded up, so that nobody comes early', () => {
    expect(retryAfterOf({ 'retry-after': '1.0001' })).toBe(1_001);
  });
});

describe('a retry', () => {
  it.each([
    ['seconds', asking('3')],
    ['a date', asking('Thu, 01 Jan 2026 12:00:03 GMT')],
    ["a date of the server's", asking('Thu, 01 Jan 2026 18:30:03 GMT', 'Thu, 01 Jan 2026 18:30:00 GMT')],
  ])('comes when asked to, in %s', async (_, outcome) => {
    const { client, sent, events } = clientOver([outcome, 200]);
    const { value } = await settled(client.get('/'));
    expect(value?.status).toBe(200);
    expect(gaps(sent)).toEqual([3_000]);
    expect(events).toMatchObject([{ attempt: 1, delay: 3_000, status: 503 }]);
  });

  it('comes no earlier than its back-off', async () => {
    for (const outcome of [asking('0'), asking('0.1'), asking('Thu, 01 Jan 2026 11:00:00 GMT')]) {
      const { client, sent } = clientOver([outcome, 200]);
      await settled(client.get('/'));
      expect(gaps(sent)).toEqual([500]);
    }
  });

  it('is never earlier than asked with jitter', async () => {
    for (const value of [0, 0.999]) {
      vi.spyOn(Math, 'random').mockReturnValue(value);
      const { client, sent } = clientOver([asking('2'), 200], { retry: { jitter: 'full' } });
      await settled(client.get('/'));
      expect(gaps(sent)).toEqual([2_000]);
    }
    vi.restoreAllMocks();
  });

  it('goes by its back-off where the header is none', async () => {
    const { client, sent } = clientOver([asking('soon'), 200]);
    await settled(client.get('/'));
    expect(gaps(sent)).toEqual([500]);
    const post = clientOver([asking('-5'), 200]);
    await failed(post.client.post('/'));
    expect(post.sent).toHaveLength(1);
  });

  it('is waited for up to maxRetryAfter, and not beyond: the error comes at once and says for how long', async () => {
    const just = clientOver([asking('10'), 200]);
    await settled(just.client.get('/'));
    expect(gaps(just.sent)).toEqual([10_000]);

    const { client, sent, events } = clientOver([asking('11'), 200]);
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ took: 0, retryAfter: 11_000, retryStopped: 'retry-after', response: { status: 503 } });
    expect(sent).toHaveLength(1);
    expect(events).toMatchObject([{ attempt: 1, reason: 'retry-after', status: 503 }]);

    const short = clientOver([asking('2'), 200], { retry: { maxRetryAfter: 1_000 } });
    expect(await failed(short.client.get('/'))).toMatchObject({ took: 0, retryAfter: 2_000 });
    const none = clientOver([asking('1'), 200], { retry: { maxRetryAfter: 0 } });
    expect(await failed(none.client.get('/'))).toMatchObject({ took: 0, retryAfter: 1_000 });
  });

  it('does not come at once for a time that no timer can hold', async () => {
    for (const config of [{}, { retry: { maxRetryAfter: Infinity }, deadline: false as const }]) {
      const { client, sent } = clientOver([asking('3000000'), 200], config);
      const error = await failed(client.get('/'));
      expect(error).toMatchObject({ took: 0, retryAfter: 3_000_000_000, retryStopped: 'retry-after' });
      expect(sent).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('does not come where the deadline would be over: the error comes at once', async () => {
    const { client, sent } = clientOver([asking('5'), 200], { deadline: 5_000 });
    expect(await failed(client.get('/'))).toMatchObject({ took: 0, retryAfter: 5_000, retryStopped: 'retry-after' });
    expect(sent).toHaveLength(1);

    const enough = clientOver([asking('5'), 200], { deadline: 5_100 });
    expect((await settled(enough.client.get('/'))).value?.status).toBe(200);

    const outer = clientOver([asking('5'), 200]);
    const error = await failed(withDeadline(3_000, () => outer.client.get('/')));
    expect(error).toMatchObject({ took: 0, retryAfter: 5_000 });
  });

  it('that is the last tells the caller as well when to come again', async () => {
    const { client, sent } = clientOver([asking('1')], { retry: 1 });
    expect(await failed(client.get('/'))).toMatchObject({ retryAfter: 1_000, retryStopped: 'retries' });
    expect(sent).toHaveLength(2);
    expect(await failed(clientOver([{ status: 500, headers: { 'retry-after': '1' } }]).client.post('/'))).toMatchObject({
      retryAfter: 1_000,
      retryStopped: 'unsafe',
    });
  });
});
