// What the retry and fallback tests share: an upstream without sockets, whose answers are a script, and a watch on what the client tells.
import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { vi } from 'vitest';
import type { AttemptSummary, Client, ClientConfig, FallbackEvent, RetryEvent, StopReason } from '../../src/index';
import { createClient } from '../../src/index';

/** A status, a status with headers or data, an error code, or something thrown as it is. `'hang'` never answers. */
export type Outcome = number | { status: number; headers?: Record<string, string>; data?: unknown } | string | Error;

export interface Sent {
  /** Milliseconds on the (fake) monotonic clock. */
  at: number;
  config: InternalAxiosRequestConfig;
  data: unknown;
}

/** Answers one attempt after the other as the script says; the last line of it goes on for ever. */
export function scripted(...script: Outcome[]): { adapter: (config: InternalAxiosRequestConfig) => Promise<AxiosResponse>; sent: Sent[] } {
  const sent: Sent[] = [];
  const adapter = async (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    const outcome = script[Math.min(sent.length, script.length - 1)] as Outcome;
    sent.push({ at: performance.now(), config, data: config.data });
    if (outcome === 'hang') return new Promise(() => {});
    if (outcome instanceof Error) throw outcome;
    if (typeof outcome === 'string') throw new AxiosError(outcome, outcome, config);
    const { status, headers = {}, data = { ok: status < 400 } } = typeof outcome === 'number' ? { status: outcome } : outcome;
    const response = { status, statusText: '', headers: new AxiosHeaders(headers), data, config, request: {} };
    if (config.validateStatus?.(status)) return response;
    const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
    throw new AxiosError(`Request failed with status code ${status}`, code, config, {}, response);
  };
  return { adapter, sent };
}

/** A client over a script, with exact delays, and everything it tells. */
export function clientOver(script: Outcome[], { retry, ...config }: ClientConfig = {}) {
  const { adapter, sent } = scripted(...script);
  const options = typeof retry === 'object' ? { jitter: 'none' as const, ...retry } : (retry ?? { jitter: 'none' as const });
  const client: Client = createClient({ adapter, baseURL: 'http://api.test', breaker: false, retry: options, ...config });
  const events: RetryEvent[] = [];
  const fallbacks: FallbackEvent[] = [];
  client.on('retry', (event) => events.push(event));
  client.on('fallback', (event) => fallbacks.push(event));
  return { client, sent, events, fallbacks };
}

/** What an error of a retried call carries. */
export interface Told extends AxiosError {
  history: AttemptSummary[];
  retryStopped: StopReason;
  retryAfter?: number;
}

/** What a call ends with, as soon as it does; the fake clock goes on until then. */
export async function settled<T>(promise: Promise<T>): Promise<{ value?: T; error?: Told; took: number }> {
  const startedAt = performance.now();
  let result: { value?: T; error?: Told; took: number } | undefined;
  promise.then(
    (value) => {
      result = { value, took: performance.now() - startedAt };
    },
    (error: Told) => {
      result = { error, took: performance.now() - startedAt };
    },
  );
  for (let turn = 0; turn < 100 && !result; turn++) await Promise.resolve();
  while (!result) {
    if (vi.getTimerCount() === 0) throw new Error('it waits for nothing, and is not settled');
    await vi.advanceTimersToNextTimerAsync();
    for (let turn = 0; turn < 100 && !result; turn++) await Promise.resolve();
  }
  return result;
}

/** What a call fails with. */
export async function failed(promise: Promise<unknown>): Promise<Told & { took: number }> {
  const { error, took, value } = await settled(promise);
  if (!error) throw new Error(`it did not fail: ${JSON.stringify(value)}`);
  return Object.assign(error, { took });
}

/** Milliseconds between the attempts. */
export const gaps = (sent: readonly Sent[]): number[] => sent.slice(1).map(({ at }, index) => at - (sent[index] as Sent).at);
