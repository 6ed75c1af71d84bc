/**
 * The order of the policies, outermost first, and nothing else. Policies above `dispatch` wrap the whole call, the user's interceptors
 * included; those below it run where axios would do its I/O, and those below `retry` once per attempt.
 */
import type { AxiosInstance } from 'axios';
import type { Handler, Policy } from './call';
import { attempt } from './policies/attempt';
import { type Breakers, breakerPermit, openBreaker } from './policies/breaker';
import { cancellation, cancellationBelow } from './policies/cancellation';
import { concurrency } from './policies/concurrency';
import { deadline } from './policies/deadline';
import { dispatch, type Send } from './policies/dispatch';
import { fallback } from './policies/fallback';
import { noteAsked } from './policies/fallback-asked';
import { rateLimit } from './policies/rate-limit';
import { record } from './policies/record';
import { retry } from './policies/retry';
import { PhaseClock } from './transport/phase-clock';

const stack = (policies: Policy[], last: Handler): Handler => policies.reduceRight((next, policy) => policy(next), last);

export const pipeline = (instance: AxiosInstance, send: Send, isClient: boolean, breakers: Breakers, transport: Handler): Handler =>
  stack(
    [
      fallback, //                an answer instead of an error
      record, //                  the call, as the caller saw it
      deadline, //                the hard end
      cancellation, //            the user's abort
      dispatch(instance, send, isClient), // axios: interceptors and transforms, once per call
      cancellationBelow, //       a signal or token that an interceptor added
      noteAsked, //               for the fallback: request and response before others change them
      retry, //                   axios-retry's loop; nothing below is held during back-off
      openBreaker(breakers), //   refuses at once while the endpoint is cut off
      rateLimit, //               attempts per interval
      concurrency, //             attempts at a time
      breakerPermit(breakers), // taken last, so that it reflects the state by then
      attempt((limits, onExpiry, timer) => new PhaseClock(limits, onExpiry, timer)), // the limits of one attempt
    ],
    transport,
  );
