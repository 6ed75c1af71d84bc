// An upstream without a network, for the fake clock: it does what it is told, and answers when it is told.
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Client, RequestConfig } from '../../src/index';

/** A status, a status with headers, the code of an error, or no answer until somebody gives one. */
export type Behaviour = number | { status: number; headers: Record<string, string> } | `E${string}` | 'hang';

/** A request that hangs until it is answered. It does not listen to its signal. */
export interface Held {
  url: string;
  answer(behaviour: Exclude<Behaviour, 'hang'>): void;
}

export class FakeUpstream {
  does: Behaviour = 200;
  requests = 0;
  readonly held: Held[] = [];

  readonly adapter = (config: InternalAxiosRequestConfig): Promise<AxiosResponse> => {
    this.requests++;
    const { does } = this;
    return new Promise((resolve, reject) => {
      const answer = (behaviour: Exclude<Behaviour, 'hang'>): void => {
        if (typeof behaviour === 'string') return reject(new AxiosError(behaviour, behaviour, config));
        const { status, headers } = typeof behaviour === 'number' ? { status: behaviour, headers: {} } : behaviour;
        const response: AxiosResponse = { data: '', status, statusText: '', headers, config };
        if (!config.validateStatus || config.validateStatus(status)) resolve(response);
        else reject(new AxiosError(`status ${status}`, 'ERR_BAD_RESPONSE', config, undefined, response));
      };
      if (does === 'hang') this.held.push({ url: config.url ?? '', answer });
      else answer(does);
    });
  };
}

export const URL = 'http://up.test/users/1';
export const ENDPOINT = 'GET http://up.test/users/:id';

/** What came of a call: the status, else the code of the error. */
export const ask = (client: Client, config: RequestConfig = {}): Promise<number | string> =>
  client.request({ url: URL, ...config }).then(
    (response) => response.status,
    (error: AxiosError) => error.response?.status ?? error.code ?? String(error),
  );

/** So many calls, one after the other. */
export async function askTimes(times: number, client: Client, config?: RequestConfig): Promise<(number | string)[]> {
  const outcomes: (number | string)[] = [];
  for (let i = 0; i < times; i++) outcomes.push(await ask(client, config));
  return outcomes;
}

/** The error that a call ends with; that it fails is asserted. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Microtasks of all that is under way; no time passes. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}
