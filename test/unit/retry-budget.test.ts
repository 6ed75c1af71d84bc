// The retry budget: per endpoint a share of the calls of the last 10 s, and a few that are always allowed.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../../src/index';
import { clientOver, failed } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const WINDOW = 10_000; // ms

/** Makes so many calls at once, and waits until all are over. */
async function burst(client: Client, calls: number, url = '/'): Promise<void> {
  const all = Array.from({ length: calls }, () => client.get(url).catch(() => {}));
  await vi.advanceTimersByTimeAsync(5_000);
  await Promise.all(all);
}

const quick = { baseDelay: 10, retries: 1 };

describe('the budget', () => {
  it('lets three retries through in 10 s, however few calls there are', async () => {
    const { client, sent, events } = clientOver([503], { retry: quick });
    await burst(client, 5);
    expect(sent).toHaveLength(5 + 3);
    expect(events.filter(({ reason }) => reason === 'budget')).toHaveLength(2);
  });

  it('lets a fifth of the calls be repeated where there are many', async () => {
    const { client, sent, events } = clientOver([503], { retry: quick });
    await burst(client, 100);
    expect(sent).toHaveLength(100 + 20);
    expect(events.filter(({ reason }) => reason === 'budget')).toHaveLength(80);
  });

  it('returns the last real error at once where it is spent', async () => {
    const { client, sent } = clientOver([503], { retry: quick });
    await burst(client, 3);
    sent.length = 0;
    const error = await failed(client.get('/'));
    expect(error).toMatchObject({ took: 0, retryStopped: 'budget', response: { status: 503 } });
    expect(sent).toHaveLength(1);
  });

  it('is taken before the delay: what is in back-off counts', async () => {
    const { client, sent, events } = clientOver([503], { retry: { baseDelay: 1_000, retries: 1 } });
    const all = Array.from({ length: 10 }, () => client.get('/').catch(() => {}));
    await vi.advanceTimersByTimeAsync(0);
    expect(events.filter(({ delay }) => delay !== undefined)).toHaveLength(3);
    expect(events.filter(({ reason }) => reason === 'budget')).toHaveLength(7);
    await vi.advanceTimersByTimeAsync(2_000);
    await Promise.all(all);
    expect(sent).toHaveLength(13);
  });

  it('is there again when 10 s have passed, and a long pause empties it as well', async () => {
    const { client, sent } = clientOver([503], { retry: quick });
    await burst(client, 5);
    for (const pause of [WINDOW + 1_000, 3_600_000]) {
      await vi.advanceTimersByTimeAsync(pause);
      sent.length = 0;
      await burst(client, 5);
      expect(sent).toHaveLength(8);
    }
  });

  it('is not there again at once', async () => {
    const { client, sent } = clientOver([503], { retry: quick });
    await burst(client, 5);
    await vi.advanceTimersByTimeAsync(3_000);
    sent.length = 0;
    await burst(client, 5);
    expect(sent).toHaveLength(5);
  });

  it("is an endpoint's own: another is untouched, the same with other ids is not", async () => {
    const { client, sent } = clientOver([503], { retry: quick });
    await burst(client, 5, '/users/1');
    sent.length = 0;
    await burst(client, 1, '/users/2');
    expect(sent).toHaveLength(1);
    sent.length = 0;
    await burst(client, 3, '/orders/1');
    expect(sent).toHaveLength(6);
  });

  it('goes by the name that an endpoint was given', async () => {
    const { client, sent } = clientOver([503], { retry: quick, endpoint: 'all' });
    await burst(client, 5, '/a');
    sent.length = 0;
    await burst(client, 1, '/b');
    expect(sent).toHaveLength(1);
  });

  it('has its share of the calls that succeed as well', async () => {
    const { client, sent } = clientOver([...Array(40).fill(200), 503], { retry: quick });
    await burst(client, 40);
    await burst(client, 10);
    expect(sent).toHaveLength(40 + 10 + 10); // a fifth of 50
  });

  it('can be lifted, and can be another', async () => {
    const lifted = clientOver([503], { retry: { ...quick, budget: false } });
    await burst(lifted.client, 50);
    expect(lifted.sent).toHaveLength(100);

    const half = clientOver([503], { retry: { ...quick, budget: { ratio: 0.5 } } });
    await burst(half.client, 50);
    expect(half.sent).toHaveLength(75);

    const strict = clientOver([503], { retry: { ...quick, budget: { min: 0 } } });
    await burst(strict.client, 4);
    expect(strict.sent).toHaveLength(4);
    await burst(strict.client, 1);
    expect(strict.sent).toHaveLength(6); // the fifth call pays for one retry

    const few = clientOver([503], { retry: { ...quick, budget: { ratio: 0, min: 2 } } });
    await burst(few.client, 50);
    expect(few.sent).toHaveLength(52);
  });

  it('merges field by field, and what is undefined is not named', async () => {
    const { client, sent } = clientOver([503], { retry: { ...quick, budget: { ratio: 0.5, min: 0 } } });
    const all = Array.from({ length: 10 }, () => client.get('/', { retry: { budget: { min: 1, ratio: undefined } } }).catch(() => {}));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(all);
    expect(sent).toHaveLength(15);
  });

  it('of one request lifted leaves that of the others as it was', async () => {
    const { client, sent } = clientOver([503], { retry: quick });
    const all = Array.from({ length: 10 }, () => client.get('/', { retry: { budget: false } }).catch(() => {}));
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(all);
    expect(sent).toHaveLength(20);
    await burst(client, 5);
    expect(sent).toHaveLength(20 + 5 + 3);
  });
});
