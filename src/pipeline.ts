/**
 * The order of the policies, outermost first, and nothing else. Above `dispatch` a policy stands round the whole call, the user's
 * interceptors included; below it stands where axios does its I/O, and is passed once an attempt.
 */
import type { AxiosInstance } from 'axios';
import type { Handler, Policy } from './call';
import { attempt } from './policies/attempt';
import { cancellation } from './policies/cancellation';
import { deadline } from './policies/deadline';
import { dispatch } from './policies/dispatch';
import { record } from './policies/record';
import { PhaseClock } from './transport/phase-clock';

const stack = (policies: Policy[], last: Handler): Handler => policies.reduceRight((next, policy) => policy(next), last);

export const pipeline = (instance: AxiosInstance, transport: Handler): Handler =>
  stack(
    [
      record, //             the call, as the caller saw it
      deadline, //           the hard end
      cancellation, //       the user's abort
      dispatch(instance), // axios: interceptors and transforms, once a call
      cancellation, //       an abort that an interceptor brought
      attempt((limits, onExpiry) => new PhaseClock(limits, onExpiry)), // the limits of one attempt
    ],
    transport,
  );
