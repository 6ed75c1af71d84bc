// Redirects are followed as axios follows them: what is secret goes exactly as far.
import type { AxiosRequestConfig } from 'axios';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchUnhandled } from './failures';
import { type Answer, Site } from './redirect-parity-site';
import { same } from './redirect-parity-support';

let site: Site;
const unhandled = watchUnhandled();

beforeAll(async () => {
  site = await Site.start();
});
afterAll(async () => {
  site.close();
  await unhandled.none();
});

type Origin = 'a' | 'b' | 's' | 't';
const url = (path = '/first?q=1', origin: Origin = 'a'): string => site.origins[origin] + path;
/** A server of http under another name. */
const named = (name: string, path = '/named'): string => url(path).replace('127.0.0.1', name);
const lookup = ((_name: string, _options: unknown, callback: (...answer: unknown[]) => void) =>
  callback(null, '127.0.0.1', 4)) as NonNullable<AxiosRequestConfig['lookup']>;

const SECRETS = {
  Authorization: 'Bearer secret',
  Cookie: 'session=1',
  'Proxy-Authorization': 'Basic cHJveHk=',
  'X-Api-Key': 'key',
  'x-xsrf-token': 'token',
  Host: 'virtual.test',
  Referer: 'http://referrer.test/',
};
const TARGETS: Record<string, () => string> = {
  'the same origin': () => '/second',
  'another port': () => url('/second', 'b'),
  https: () => url('/second', 's'),
  'a name': () => named('site.test'),
  'a subdomain': () => named('sub.127.0.0.1'),
};

describe.each(Object.keys(TARGETS))('secrets on the way to %s', (name) => {
  const to = (): string => (TARGETS[name] as () => string)();
  const answers = (): Answer[] => [
    { status: 302, to: to() },
    { status: 307, to: '/third' },
    { status: 307, to: url('/back') },
  ];

  it.each<[string, AxiosRequestConfig]>([
    ['in headers', { headers: SECRETS }],
    ['in headers, one of them named sensitive', { headers: SECRETS, sensitiveHeaders: ['x-API-key', 'referer'] }],
    ['in headers without Host', { headers: { ...SECRETS, Host: null } as never, sensitiveHeaders: [] }],
    ['in auth', { auth: { username: 'us:er', password: 'pä' }, headers: { Cookie: 'a=b' } }],
    ['in auth, and in headers', { auth: { username: 'user', password: '' }, headers: SECRETS }],
    ['of XSRF', { xsrfCookieName: 'c', xsrfHeaderName: 'X-Own', withXSRFToken: true, headers: SECRETS }],
  ])('%s', async (_, config) => {
    await same(site, answers(), () => ({ url: url(), lookup, ...config }));
    await same(site, answers(), () => ({ url: url(), lookup, ...config, method: 'post', data: { a: 1 } }));
    await same(site, answers(), () => ({ url: named('parent.test'), lookup, ...config }));
    await same(site, answers(), () => ({ url: url('/first', 's'), lookup, ...config }));
  });

  it('in the URL', async () => {
    const from = (): string => url().replace('//', '//us%3Aer:p%40ss@');
    await same(site, answers(), () => ({ url: from(), lookup }));
    await same(site, answers(), () => ({ url: from(), lookup, auth: { username: 'u', password: 'p' }, headers: SECRETS }));
  });
});

describe('sensitiveHeaders that are no list of names are refused, before anything is sent', () => {
  it.each([
    ['a string', 'x-key'],
    ['numbers', [1]],
    ['an object', {}],
    ['false', false],
  ])('%s', async (_, sensitiveHeaders) => {
    const { seen, error } = await same(site, [{ status: 302, to: '/x' }], () => ({
      url: url(),
      sensitiveHeaders: sensitiveHeaders as never,
    }));
    expect(seen).toEqual([]);
    expect(error?.code).toBe('ERR_BAD_OPTION_VALUE');
  });
});
