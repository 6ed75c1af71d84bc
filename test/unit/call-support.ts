// A call without a client and without axios, for what a policy promises to those above and below it; and what it reports.
import { vi } from 'vitest';
import { Call, type CallInit, type Observer } from '../../src/call';
import { now } from '../../src/clock';
import { mergeSettings } from '../../src/options';

const SETTINGS = mergeSettings(undefined, { retry: false, breaker: false });

export function callOf(init: Partial<CallInit> = {}) {
  const observer = {
    attemptEnded: vi.fn<Observer['attemptEnded']>(),
    callEnded: vi.fn<Observer['callEnded']>(),
    timedOut: vi.fn<Observer['timedOut']>(),
    retried: vi.fn<Observer['retried']>(),
    limited: vi.fn<Observer['limited']>(),
    fellBack: vi.fn<Observer['fellBack']>(),
  };
  const request = { url: 'http://up.test/' };
  const call = new Call({
    startedAt: now(),
    request,
    merged: () => init.request ?? request,
    requested: {},
    policies: {},
    settings: SETTINGS,
    bodyFactory: undefined,
    limits: {},
    deadline: undefined,
    observer,
    ...init,
  });
  return { call, observer };
}
