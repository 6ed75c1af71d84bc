// What is made again by where the attempt was when it failed: what only a transport knows, and no adapter of the user's.
import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attempt } from '../../src/call/attempt';
import { mergeSettings } from '../../src/options';
import { attempt } from '../../src/policies/attempt';
import { retry } from '../../src/policies/retry';
import { PhaseClock } from '../../src/transport/phase-clock';
import type { Limits, Phase } from '../../src/words';
import { callOf } from './call-support';
import { settled, type Told } from './retry-support';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Failing {
  phase: Phase;
  /** HTTP exchanges begun. */
  hops?: number;
  /** The status that the transport saw. */
  status?: number;
  /** Whether its body had ended by itself. */
  isWhole?: boolean;
  error?: unknown;
  limits?: Limits;
}

/** How often a request is sent, and why no more, where its first attempt fails like that. */
async function failing({ phase, hops = 1, status, isWhole, error, limits = {} }: Failing, config: Partial<InternalAxiosRequestConfig>) {
  const { call } = callOf({ limits, settings: mergeSettings(undefined, { retry: { jitter: 'none' }, breaker: false }) });
  call.config = { url: 'http://up.test/', headers: new AxiosHeaders(), validateStatus: (status) => status < 300, ...config };
  const transport = vi.fn(async (): Promise<AxiosResponse> => {
    if (transport.mock.calls.length > 1) return answer(200);
    const running = call.attempt as Attempt;
    running.hops = hops;
    if (status !== undefined) running.status = status;
    running.clock.enter(phase);
    running.bodyOpen = isWhole === true;
    if (isWhole) running.bodyEnded();
    return error === undefined ? new Promise(() => {}) : Promise.reject(error);
  });
  const end = await settled(retry(attempt((limits, onExpiry) => new PhaseClock(limits, onExpiry))(transport))(call));
  return { sent: transport.mock.calls.length, reason: (end.error as Told | undefined)?.retryStopped };
}

const answer = (status: number): AxiosResponse => ({ status, statusText: '', data: '', headers: {}, config: {} as never });
const code = (code: string, response?: AxiosResponse): AxiosError => new AxiosError(code, code, undefined, {}, response);
const REPEATED = { sent: 2, reason: undefined };
const NOT = (reason: string) => ({ sent: 1, reason });

describe('an answer whose body broke off', () => {
  it.each<[string, unknown]>([
    ["axios' http adapter", code('ERR_BAD_RESPONSE', answer(200))],
    ["axios' fetch adapter", new TypeError('terminated')],
    ["axios' XHR adapter", code('ERR_NETWORK')],
    ['the socket', code('ECONNRESET', answer(200))],
  ])('as %s has it is asked for again, by an idempotent method only', async (_, error) => {
    const broken: Failing = { phase: 'body', status: 200, error };
    expect(await failing(broken, { method: 'get' })).toEqual(REPEATED);
    expect(await failing(broken, { method: 'post' })).toEqual(NOT('unsafe'));
  });

  it.each<[string, Failing]>([
    ['a limit of size', { phase: 'body', status: 200, error: code('ERR_BAD_RESPONSE') }],
    ['an abort of its own kind', { phase: 'body', status: 200, error: code('ERR_OF_ITS_OWN') }],
    ['a mistake in a transform', { phase: 'body', status: 200, error: new RangeError('of the transform') }],
    ['a mistake of a type before the body', { phase: 'response', status: 200, error: new TypeError('x is not a function') }],
    ['a mistake of a type after the last byte', { phase: 'body', status: 200, isWhole: true, error: new TypeError('x is not a function') }],
    ['a mistake of a type without a status', { phase: 'body', error: new TypeError('x is not a function') }],
    ['its status, which is refused', { phase: 'body', status: 304, error: code('ERR_BAD_RESPONSE', answer(304)) }],
    ['its status, which is an error', { phase: 'body', status: 404, error: code('ECONNRESET', answer(404)) }],
    ['its status, of the 4xx the first', { phase: 'body', status: 400, error: new TypeError('terminated') }],
    ['nothing at all', { phase: 'body', status: 200, error: null }],
  ])('is not what it is where it fails by %s', async (_, failure) => {
    expect(await failing(failure, { method: 'get' })).toMatchObject({ sent: 1 });
  });

  it('is none of an answer that is a stream, which is its reader’s', async () => {
    const mistake: Failing = { phase: 'body', status: 200, error: new TypeError('x is not a function') };
    expect(await failing(mistake, { method: 'get', responseType: 'stream' })).toEqual(NOT('permanent'));
  });

  it('is one of a passing status as well, where the error does not have it', async () => {
    const broken: Failing = { phase: 'body', status: 503, error: new TypeError('terminated') };
    expect(await failing(broken, { method: 'get' })).toEqual(REPEATED);
    expect(await failing(broken, { method: 'post' })).toEqual(NOT('unsafe'));
    expect(await failing({ ...broken, isWhole: true }, { method: 'get' })).toEqual(NOT('permanent'));
  });

  it('is seen where nothing is said of the statuses that are good', async () => {
    const broken: Failing = { phase: 'body', error: code('ERR_BAD_RESPONSE', answer(200)) };
    expect(await failing(broken, { method: 'get', validateStatus: null })).toEqual(REPEATED);
  });
});

describe('a connection that fails before the request is sent', () => {
  it.each<Phase>(['queue', 'lookup', 'tcp', 'proxy', 'tls'])('is made again whatever the method: %s', async (phase) => {
    expect(await failing({ phase, error: code('ECONNRESET') }, { method: 'post' })).toEqual(REPEATED);
  });

  it.each<Phase>(['send', 'response', 'body', 'waiting'])('is not taken for one that fails later: %s', async (phase) => {
    expect(await failing({ phase, error: code('ECONNRESET') }, { method: 'post' })).toEqual(NOT('unsafe'));
  });

  it('behind a redirect is no reason: the request has been sent to the first place', async () => {
    for (const error of [code('ECONNRESET'), code('ECONNREFUSED')]) {
      expect(await failing({ phase: 'tcp', hops: 2, error }, { method: 'post' })).toEqual(NOT('unsafe'));
      expect(await failing({ phase: 'tcp', hops: 2, error }, { method: 'get' })).toEqual(REPEATED);
    }
  });

  it('is known by its name alone where the adapter tells nothing', async () => {
    expect(await failing({ phase: 'waiting', hops: 0, error: code('ECONNREFUSED') }, { method: 'post' })).toEqual(REPEATED);
    expect(await failing({ phase: 'queue', hops: 0, error: code('ECONNRESET') }, { method: 'post' })).toEqual(NOT('unsafe'));
  });
});

describe('a limit that runs out', () => {
  it('while connecting is safe to repeat, whatever the method', async () => {
    expect(await failing({ phase: 'tls', limits: { connect: 50 } }, { method: 'post' })).toEqual(REPEATED);
  });

  it('later is safe for an idempotent method only', async () => {
    for (const phase of ['send', 'response', 'body'] as const) {
      expect(await failing({ phase, status: 200, limits: { total: 50 } }, { method: 'post' })).toEqual(NOT('unsafe'));
      expect(await failing({ phase, status: 200, limits: { total: 50 } }, { method: 'put' })).toEqual(REPEATED);
    }
  });
});

it('a request that names no method is a GET', async () => {
  expect(await failing({ phase: 'response', error: code('ECONNRESET') }, {})).toEqual(REPEATED);
});
