// A field of an option that is undefined is as if it were not there: it takes no default away.
import { describe, expect, it } from 'vitest';
import { alertSettings } from '../../src/options/alerts';
import { beaconSettings } from '../../src/options/beacon';
import { mergeBreaker } from '../../src/options/breaker';
import { mergeFallback } from '../../src/options/fallback';
import { mergeLimit } from '../../src/options/limit';
import { mergeRetry } from '../../src/options/retry';
import { mergeLimits } from '../../src/options/timeout';
import { FIELDS } from './fuzz-options-support';

const MERGE: Record<string, (value: never) => unknown> = {
  timeout: (value) => mergeLimits({ connect: 1, read: 2 }, value),
  retry: (value) => mergeRetry(undefined, value),
  breaker: (value) => mergeBreaker(undefined, value),
  limit: (value) => mergeLimit(undefined, value),
  fallback: (value) => mergeFallback({ value: 1 }, value),
  alerts: (value) => alertSettings(value),
  beacons: (value) => beaconSettings(value),
};
const NESTED: [string, string, string][] = [
  ['retry', 'budget', 'ratio'],
  ['retry', 'budget', 'min'],
  ['breaker', 'burst', 'failureRate'],
  ['breaker', 'burst', 'window'],
  ['breaker', 'burst', 'minCalls'],
  ['breaker', 'slow', 'after'],
  ['breaker', 'slow', 'rate'],
  ['alerts', 'frequent', 'rate'],
  ['alerts', 'surge', 'score'],
];

describe('a field that is undefined is as if it were not there', () => {
  it.each(Object.entries(FIELDS).flatMap(([name, fields]) => fields.map((field) => [name, field])))('%s.%s', (name = '', field = '') => {
    const merge = MERGE[name] as (value: unknown) => unknown;
    expect(merge({ [field]: undefined })).toStrictEqual(merge({}));
  });

  it.each(NESTED)('%s.%s.%s', (name, group, field) => {
    const merge = MERGE[name] as (value: unknown) => unknown;
    expect(merge({ [group]: { [field]: undefined } })).toStrictEqual(merge({ [group]: {} }));
    expect(merge({ [group]: {} })).toEqual(merge({}));
  });
});
