// What becomes of a repeat that comes before the end of a pause which the upstream asked other calls for.
import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientConfig, createClient, type RetryEvent } from '../../src/index';
import { settled } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Milliseconds until an answer, its status, and the seconds of pause that it asks for. */
type Answer = readonly [after: number, status: number, pause?: string];

/** One endpoint, that answers each path by the lines of its own; the last goes on for ever. */
function upstream(script: Record<string, Answer[]>, config: ClientConfig = {}) {
  const sent: Record<string, number[]> = {};
  const adapter = async (request: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const path = String(request.url);
    const times = sent[path] ?? [];
    sent[path] = times;
    const lines = script[path] as Answer[];
    const [after, status, pause] = lines[Math.min(times.length, lines.length - 1)] as Answer;
    times.push(performance.now());
    await new Promise((resolve) => setTimeout(resolve, after));
    const headers = new AxiosHeaders(pause === undefined ? {} : { 'retry-after': pause });
    const response = { status, statusText: '', headers, data: path, config: request };
    if (status < 400) return response;
    throw new AxiosError('refused', AxiosError.ERR_BAD_RESPONSE, request, {}, response);
  };
  const retry = { jitter: 'none' as const, budget: false as const, ...(config.retry as object) };
  const client = createClient({ adapter, endpoint: 'one', deadline: false, ...config, retry });
  const events: RetryEvent[] = [];
  client.on('retry', (event) => events.push(event));
  return { client, sent, events };
}

describe('a repeat before the end of a pause that others were asked for', () => {
  it('waits for that end, and is none of the repeats that are counted or told', async () => {
    const paths = Array.from({ length: 8 }, (_, n) => `/${n}`);
    const { client, sent, events } = upstream(
      Object.fromEntries(paths.map((path, n) => [path, [[n * 10, 429, '1'] as const, [0, 200] as const]])),
    );
    const refusals: unknown[] = [];
    client.on('call', ({ refusedBy }) => refusals.push(refusedBy));
    const results = await Promise.all(paths.map((path) => settled(client.get(path))));
    expect(results.map(({ value }) => value?.status)).toEqual(paths.map(() => 200));
    expect(refusals).toEqual(paths.map(() => undefined));
    const startedAt = Math.min(...Object.values(sent).flat());
    for (const path of paths) expect(sent[path]?.[1]).toBeGreaterThanOrEqual(startedAt + 1_070);
    expect(events).toHaveLength(8);
    expect(events.every(({ delay }) => delay === 1_000)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['that is longer than maxRetryAfter', { retry: { maxRetryAfter: 2_000 } }, '3'],
    ['that is longer than what is left of the deadline', { deadline: 3_000 }, '3'],
  ] as const)('ends with the refusal where the pause is one %s', async (_, config, pause) => {
    const { client, sent } = upstream({ '/a': [[0, 503]], '/b': [[100, 429, pause]] }, config);
    const [{ error }] = await Promise.all([settled(client.get('/a')), settled(client.get('/b'))]);
    expect(error).toMatchObject({ code: 'EBREAKEROPEN', reason: 'throttled', retryStopped: 'retry-after' });
    expect(error?.history).toHaveLength(1);
    expect(sent['/a']).toHaveLength(1);
  });

  it('waits so often as it may be repeated, and no oftener', async () => {
    const others = { '/b': [[100, 429, '1']], '/c': [[1_050, 429, '1']], '/d': [[2_000, 429, '1']] } as const;
    const { client, sent } = upstream({ '/a': [[0, 503]], ...(others as unknown as Record<string, Answer[]>) }, { retry: { retries: 2 } });
    for (const path of Object.keys(others)) client.get(path, { retry: false }).catch(() => {});
    const { error, took } = await settled(client.get('/a'));
    expect(error).toMatchObject({ code: 'EBREAKEROPEN', reason: 'throttled', retryAfter: 950, retryStopped: 'local' });
    expect(error?.history).toHaveLength(1);
    expect(sent['/a']).toHaveLength(1);
    expect(took).toBe(2_050);
  });

  it('does not wait where the endpoint is cut off for another reason, however shortly', async () => {
    const { client, sent } = upstream({ '/a': [[0, 503]] }, { breaker: { minCalls: 1, openFor: 1_000, burst: { minCalls: 1 } } });
    const { error, took } = await settled(client.get('/a'));
    expect(error).toMatchObject({ code: 'EBREAKEROPEN', retryAfter: 500, retryStopped: 'local' });
    expect(sent['/a']).toHaveLength(1);
    expect(took).toBe(500);
  });

  it('is refused at once where the call has not been sent yet', async () => {
    const { client, sent } = upstream({ '/a': [[0, 200]], '/b': [[0, 429, '1']] });
    await settled(client.get('/b', { retry: false }));
    const { error, took } = await settled(client.get('/a'));
    expect(error).toMatchObject({ code: 'EBREAKEROPEN', reason: 'throttled', retryStopped: 'local' });
    expect(took).toBe(0);
    expect(sent['/a']).toBeUndefined();
  });
});
