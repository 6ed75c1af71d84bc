// What the tests of an error answer of what is none of ours.
import { describe, expect, it } from 'vitest';
import { isBreakerOpen, isLimited, isTimeout } from '../../src/index';

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const secretive = new Proxy(new Error('failed'), {
  has() {
    throw new Error('not to be looked at');
  },
});

describe.each(Object.entries({ isTimeout, isBreakerOpen, isLimited }))('%s', (_, test) => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'ETIMEDOUT'],
    ['an error with the same code', Object.assign(new Error('failed'), { code: 'ETIMEDOUT' })],
    ['a revoked proxy', revoked()],
    ['a proxy that throws', secretive],
  ])('of %s is false', (_, error) => expect(test(error)).toBe(false));
});
