// A consumer's TypeScript, compiled as ESM, as CommonJS and for a bundler.
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import {
  type BreakerReason,
  type Client,
  createClient,
  type FallbackOptions,
  isBreakerOpen,
  isLimited,
  isTimeout,
  type Policies,
  protect,
  type RequestConfig,
  withDeadline,
} from 'breakwater';
import { type LogLine, logTo } from 'breakwater/log';
import { instrument } from 'breakwater/opentelemetry';
import { collect, toAlertmanager } from 'breakwater/prometheus';
import { register } from 'prom-client';

const instance: AxiosInstance = createClient();
const client: Client = protect(axios.create(), { timeout: [1_000, 5_000], deadline: 30_000 });

export async function load(url: string): Promise<AxiosResponse<string> | undefined> {
  try {
    await instance.get(url);
    return await withDeadline(2_000, (deadline) => client.get<string>(url, { deadline, timeout: { read: 500, total: false } }));
  } catch (error) {
    if (!isTimeout(error)) throw error;
    const { limit, phase, kind, elapsed }: { limit: string; phase: string; kind: string; elapsed: number } = error;
    console.log(limit, phase, kind, elapsed, error.history?.length, error.retryStopped);
    return undefined;
  }
}

/** Our errors are told apart by their code, and those of a refusal have the attempts before them. */
export function told(error: unknown): string {
  if (!isTimeout(error) && !isBreakerOpen(error) && !isLimited(error)) return '';
  const before = `${error.retryStopped}, ${error.history?.length} attempts`;
  if (error.code === 'ETIMEDOUT') return `${error.phase}: ${before}`;
  if (error.code === 'ELIMITED') return `${error.limit}: ${before}`;
  const reason: BreakerReason = error.reason;
  return `${reason}: ${before}`;
}

/** What stands in for an error says so, whatever the answer's type. */
export async function prices(): Promise<number[]> {
  const { data, fallback, age = 0 } = await client.get<number[]>('/prices', { fallback: { staleFor: 60_000, value: [] } });
  return fallback === 'stale' && age > 30_000 ? [] : data;
}

/** axios' four type arguments, of which the last is the type of `params`, go with our options. */
export async function page(number: number): Promise<number> {
  type Params = { page: number };
  const config: RequestConfig<unknown, Params> = { params: { page: number }, deadline: 1_000 };
  await client.get<number, AxiosResponse<number>, unknown, Params>('/', config);
  await client.request<number, AxiosResponse<number>, unknown, Params>({ url: '/', ...config });
  await client<number, AxiosResponse<number>, unknown, Params>('/', config);
  await client<number, AxiosResponse<number>, unknown, Params>({ url: '/', ...config });
  const { data } = await client.post<number, AxiosResponse<number>, unknown, Params>('/', 'text', config);
  return data;
}

/** A wrapper that takes what the method takes takes our options as well. */
export const get = (...args: Parameters<Client['get']>): Promise<AxiosResponse> => client.get(...args);
export const send = (...args: Parameters<Client['post']>): Promise<AxiosResponse> => client.post(...args);
export const call = (...args: Parameters<Client>): Promise<AxiosResponse> => client(...args);
void get('/', { deadline: 1_000 });
void send('/', {}, { retry: false });
void call('/', { timeout: [1_000, 5_000] });

/** A wrapper's own type parameter may stand for the response as a whole, as where an interceptor unwraps it; and a client may be one of axios' as well. */
export function read<T>(url: string): Promise<T> {
  return client.get<T, T>(url);
}
export const write = <T, R = AxiosResponse<T>>(url: string, data?: unknown): Promise<R> => client.post<T, R>(url, data);
export const ask = <T, R = AxiosResponse<T>>(config: RequestConfig): Promise<R> => client.request<T, R>(config);
export const run = <T, R = AxiosResponse<T>>(config: RequestConfig): Promise<R> => client<T, R>(config);
export const either = async (): Promise<unknown> => (Math.random() > 0.5 ? client : axios.create()).get('/');

/** What a request takes is taken where it is only named. */
export const uriOf = (config: RequestConfig): string => client.getUri(config);

/** The response knows what was sent, as with axios. */
export async function echo(): Promise<number | undefined> {
  const { config, fallback } = await client.post('/', { page: 7 }, { params: { lang: 'en' } });
  // @ts-expect-error: params of another type
  const { length }: number[] = config.params;
  return fallback ? length : config.data?.page;
}

const lines: LogLine[] = [];
const detach: (() => void)[] = [
  logTo(client, (line) => lines.push(line)),
  instrument(client),
  collect(client, { registry: register }),
  client.on('alert', (alert) => console.log(toAlertmanager(alert), client.stats.get(alert.endpoint)?.suggested?.read)),
];
for (const stop of detach) stop();

/** What has no default can be taken away again. */
export const none: Policies = {
  limit: { rate: false, burst: false, concurrency: false, maxWait: false, limiter: false },
  fallback: { use: false, staleFor: false } satisfies FallbackOptions,
  retry: { when: false },
  breaker: { isFailure: false, slow: { after: false } },
  endpoint: false,
  allowQueryValues: false,
};

// @ts-expect-error: what has one cannot
export const some: Policies = { retry: { baseDelay: false } };

// @ts-expect-error: a timeout is not a word
createClient({ timeout: '3s' });
