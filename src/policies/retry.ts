/**
 * Makes a failed attempt again where that is safe and of use. axios-retry drives the attempts from a seat: it waits and calls again;
 * what it does is decided here, for its own defaults re-send POSTs and know no deadline.
 */

import type { AxiosInstance, AxiosResponse } from 'axios';
import axiosRetry from 'axios-retry';
import type { Call, Handler, Policy } from '../call';
import { now } from '../clock';
import { complain, contain } from '../util/complain';
import { define } from '../util/define';
import { discard } from '../util/discard';
import { RetryBudget } from './retry-budget';
import { conclude, type Decision, decide, isReplayable } from './retry-decision';

/** One call in the seat. axios-retry keeps its own state on it, so nothing of that stays in the user's config. */
interface Ticket {
  call: Call;
  /** What axios-retry listens to during a back-off. */
  signal: Pick<AbortSignal, 'aborted' | 'addEventListener' | 'removeEventListener'>;
  /** About the last failure; `undefined` where it is still to be made. */
  decision?: Decision | undefined;
  /** The last failure, and the monotonic time before which nothing is sent again. */
  failure?: unknown;
  notBefore: number;
}

/** An error as axios-retry takes it: with the ticket for a config. */
interface Carrier {
  config: Ticket;
  error: unknown;
}

const isCarrier = (reason: unknown): reason is Carrier =>
  typeof reason === 'object' && reason !== null && 'error' in reason && (reason as Carrier).config?.call !== undefined;

type OnRejected = (carrier: Carrier) => Promise<AxiosResponse>;

export const retry: Policy = (next) => {
  const budget = new RetryBudget();
  const failed = takeSeat((ticket) => again(next, ticket), budget);

  return (call) => {
    if (call.ended) return Promise.reject(call.ended); // while an interceptor, or a body's factory, was at work
    const { retry } = call.settings;
    if (!retry) return next(call);
    contain(called, call, budget);
    // Whoever ends the call from outside gets its attempts told as well, before the caller hears of it.
    call.onEnd(conclude);
    return next(call).catch((error) => {
      dropBody(call, error);
      const decision = contain(decide, call, error, budget);
      if (!decision?.retry) throw error; // axios-retry has no part in it
      const ticket: Ticket = { call, signal: signalOf(call), decision, notBefore: 0 };
      return failed({ config: ticket, error }).catch((reason) => {
        if (isCarrier(reason)) throw reason.error;
        complain(failed, 'the retry failed by a defect; the call fails by what was to be repeated.', reason);
        throw error;
      });
    });
  };
};

const called = (call: Call, budget: RetryBudget): void => budget.called(call.endpoint);

/** A repeated attempt; a failure comes out as axios-retry takes it. */
async function again(next: Handler, ticket: Ticket): Promise<AxiosResponse> {
  try {
    ticket.decision = undefined;
    await prepare(ticket);
    if (ticket.call.ended) throw ticket.call.ended;
    return await next(ticket.call);
  } catch (error) {
    dropBody(ticket.call, error);
    throw { config: ticket, error } satisfies Carrier;
  }
}

/** A body from a factory is nobody's after its attempt, unless that was answered: early, perhaps, with the body still going out. */
function dropBody({ bodyFactory, config }: Call, error: unknown): void {
  if (bodyFactory && !responseOf(error)) discard(config?.data);
}

/** Gives axios-retry something that looks like an instance: called, it makes an attempt. Returns the handler that it registers for failures. */
function takeSeat(again: (ticket: Ticket) => Promise<AxiosResponse>, budget: RetryBudget): OnRejected {
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
    retries: Number.POSITIVE_INFINITY,
    shouldResetTimeout: true,
    retryCondition: (carrier) => {
      const { config, error } = carrier as unknown as Carrier;
      const decision = config.decision ?? contain(decide, config.call, error, budget);
      config.decision = decision;
      config.failure = error;
      if (!decision?.retry) return false;
      config.notBefore = now() + decision.delay;
      return true;
    },
    retryDelay: (_, carrier) => {
      const { decision } = (carrier as unknown as Carrier).config;
      return decision?.retry ? decision.delay : 0;
    },
    // Nobody will read that answer; left open it would keep its connection, and its place among the concurrent.
    onRetry: (_, carrier) => {
      const { config, error } = carrier as unknown as Carrier;
      config.call.abandon(error);
      discard(responseOf(error)?.data);
    },
  });
  return failed;
}

/** Timers may fire this much early, in milliseconds. */
const EARLY = 2;

/** Right before a repeat, so that an aborted back-off leaves nothing behind: its time has come, and a body from a factory is made anew. */
async function prepare({ call, failure, notBefore }: Ticket): Promise<void> {
  const early = notBefore - now();
  if (early > 0 && early < EARLY) await new Promise((resolve) => setTimeout(resolve, EARLY));
  if (call.ended || !call.bodyFactory || !call.config || isReplayable(call.config.data)) return;
  discard(call.config.data); // under an answer that came early it may still be going out
  try {
    call.config.data = await call.bodyFactory();
  } catch (error) {
    if (error instanceof Error && error.cause === undefined) {
      define(error, 'cause', { value: failure, configurable: true, enumerable: false });
    }
    throw error;
  }
}

const responseOf = (error: unknown): AxiosResponse | undefined => (error as { response?: AxiosResponse } | null | undefined)?.response;

/** A back-off ends with the call. */
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
