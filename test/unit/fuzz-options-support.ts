// The options that are objects.
import { LIMIT_NAMES } from '../../src/words';

/** By name, with their fields. */
export const FIELDS: Record<string, readonly string[]> = {
  timeout: LIMIT_NAMES,
  retry: ['retries', 'baseDelay', 'factor', 'maxDelay', 'jitter', 'maxRetryAfter', 'budget', 'when'],
  breaker: [
    'failureRate',
    'window',
    'minCalls',
    'openFor',
    'maxOpenFor',
    'burst',
    'slow',
    'probes',
    'successesToClose',
    'per',
    'isFailure',
    'mode',
  ],
  limit: ['rate', 'interval', 'burst', 'concurrency', 'maxQueue', 'maxWait', 'per', 'limiter', 'whenUnavailable'],
  fallback: ['value', 'use', 'staleFor'],
  alerts: ['frequent', 'surge', 'cooldown', 'maxPerMinute'],
  beacons: ['maxItems', 'maxBytes', 'timeout', 'perOrigin', 'maxTimeouts', 'stopFor'],
};
