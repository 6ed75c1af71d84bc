/**
 * Repeats a failed attempt where that is safe and useful. axios-retry drives the attempts from a seat: it waits and calls again. What it
 * does is decided here, since its own defaults re-send POSTs and know no deadline.
 */

import type { AxiosInstance, AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import type { Call, Handler, Policy } from '../call';
import { now } from '../clock';
import { bodyOf, responseOf } from '../errors';
import { complain, contain } from '../util/complain';
import { causedBy } from '../util/define';
import { discard } from '../util/discard';
import { RetryBudget } from './retry-budget';
import { conclude, decide, isReplayable } from './retry-decision';

/** One call in the seat. axios-retry keeps its own state on it, rather than in the user's config. */
interface Ticket {
  call: Call;
  /** What axios-retry listens to during a back-off. */
  signal: Pick<AbortSignal, 'aborted' | 'addEventListener' | 'removeEventListener'>;
  /** The last failure, and the monotonic time before which nothing is sent again. */
  failure?: unknown;
  notBefore: number;
}

/** An error in the shape that axios-retry expects, with the ticket as its config, and after how long to repeat the attempt, if at all. */
interface Carrier {
  config: Ticket;
  error: unknown;
  delay: number | undefined;
}

const isCarrier = (reason: unknown): reason is Carrier =>
  typeof reason === 'object' && reason !== null && 'error' in reason && (reason as Carrier).config?.call !== undefined;

type OnRejected = (carrier: Carrier) => Promise<AxiosResponse>;

export const retry: Policy = (next) => {
  const budget = new RetryBudget();
  const failed = takeSeat((ticket) => again(next, ticket, budget));

  return (call) => {
    if (call.ended) return Promise.reject(call.ended); // while an interceptor or a body factory was running
    const { retry } = call.settings;
    if (!retry) return next(call);
    contain(called, call, budget);
    // An error that ends the call from outside lists its attempts as well, before the caller sees it.
    call.onEnd(conclude);
    return next(call).catch((error) => {
      const delay = delayAfter(call, error, budget);
      if (delay === undefined) throw error; // without axios-retry
      return failed({ config: { call, signal: signalOf(call), notBefore: 0 }, error, delay }).catch((reason) => {
        if (isCarrier(reason)) throw reason.error;
        complain(failed, 'the retry failed by a defect; the call fails by what was to be repeated.', reason);
        throw error;
      });
    });
  };
};

const called = (call: Call, budget: RetryBudget): void => budget.called(call.endpoint);

/** Makes a repeated attempt; a failure is rethrown in the shape that axios-retry expects. */
async function again(next: Handler, ticket: Ticket, budget: RetryBudget): Promise<AxiosResponse> {
  const { call } = ticket;
  try {
    await prepare(ticket);
    if (call.ended) throw call.ended;
    return await next(call);
  } catch (error) {
    throw { config: ticket, error, delay: delayAfter(call, error, budget) } satisfies Carrier;
  }
}

/** After how long an attempt that has failed is repeated; `undefined` if it is not. */
function delayAfter(call: Call, error: unknown, budget: RetryBudget): number | undefined {
  // A factory's body is of no more use, unless there was a response, which may be early, with the body still being sent.
  if (call.bodyFactory && !responseOf(error)) discard(call.config?.data);
  const decision = contain(decide, call, error, budget);
  return decision?.retry ? decision.delay : undefined;
}

/** Gives axios-retry a callable that looks like an instance and makes an attempt. Returns the rejection handler that it registers. */
function takeSeat(again: (ticket: Ticket) => Promise<AxiosResponse>): OnRejected {
  let onRejected: OnRejected | undefined;
  const failed: OnRejected = (carrier) => (onRejected as OnRejected)(carrier);
  const seat = Object.assign((ticket: Ticket) => again(ticket).catch(failed), {
    defaults: {},
    interceptors: {
      request: { use: () => 0 },
      response: {
        use: (_: unknown, rejected: OnRejected) => {
          onRejected = rejected;
          return 0;
        },
      },
    },
  });
  axiosRetry(seat as unknown as AxiosInstance, {
    retries: Infinity,
    shouldResetTimeout: true,
    retryCondition: (carrier) => delayOf(carrier) !== undefined,
    retryDelay: (_, carrier) => delayOf(carrier) as number,
    onRetry: (_, carrier) => {
      const { config, error, delay } = carrier as unknown as Carrier;
      config.failure = error;
      config.notBefore = now() + (delay as number);
      // Nobody will read that response; left open, it would keep its connection and its place in the concurrency limit.
      config.call.abandon(error);
      discard(bodyOf(error));
    },
  });
  return failed;
}

const delayOf = (carrier: unknown): number | undefined => (carrier as Carrier).delay;

/** Timers may fire this much early, in milliseconds. */
const EARLY = 2;

/** Waits out a timer that fired early, and makes a fresh body. Right before a repeat, so that an aborted back-off leaves nothing behind. */
async function prepare({ call, failure, notBefore }: Ticket): Promise<void> {
  const early = notBefore - now();
  if (early > 0 && early < EARLY) await new Promise((resolve) => setTimeout(resolve, EARLY));
  if (call.ended || !call.bodyFactory || !call.config || isReplayable(call.config.data)) return;
  discard(call.config.data); // after an early response it may still be being sent
  try {
    call.replaceBody(await call.bodyFactory());
  } catch (error) {
    causedBy(error, failure);
    throw error;
  }
}

/** A signal that ends a back-off with the call. */
function signalOf(call: Call): Ticket['signal'] {
  const listeners = new Set<() => void>();
  call.onEnd(() => {
    for (const listener of listeners) listener();
  });
  return {
    get aborted() {
      return call.ended !== undefined;
    },
    addEventListener: (_: string, listener: unknown) => void listeners.add(listener as () => void),
    removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener as () => void),
  };
}
