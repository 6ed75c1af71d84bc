// Which proxy the environment means for a URL: the same as axios decides, tried on a table of NO_PROXY values and URLs.
import http from 'node:http';
import shouldBypassProxy from 'axios/unsafe/helpers/shouldBypassProxy.js';
import { getProxyForUrl } from 'proxy-from-env';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type ProxyServer, proxyFor } from '../../src/transport/node/proxy';

const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));

function environment(values: Record<string, string | undefined>): void {
  for (const name of NAMES) delete process.env[name];
  for (const [name, value] of Object.entries(values)) if (value !== undefined) process.env[name] = value;
}
beforeEach(() => environment({}));
afterAll(() => environment(before));

/** The proxy, asked for as axios' http adapter would have Node ask: the host without brackets. */
function ours(location: string): ProxyServer | undefined {
  const { protocol, hostname, port } = new URL(location);
  const host = hostname.replace(/^\[|\]$/g, '');
  return proxyFor(protocol as 'http:' | 'https:', { host, hostname: host, port: port || null }, undefined, new http.Agent());
}

const axiosUsesProxy = (location: string): boolean => Boolean(getProxyForUrl(location)) && !shouldBypassProxy(location);

const URLS = [
  'http://example.test/',
  'http://example.test:8080/',
  'https://example.test/',
  'https://example.test:8443/',
  'https://api.example.test/',
  'https://deep.api.example.test/',
  'https://notexample.test/',
  'https://EXAMPLE.test./',
  'http://localhost/',
  'http://localhost:3000/',
  'http://app.localhost/',
  'http://127.0.0.1/',
  'http://127.0.0.1:3000/',
  'http://127.1.2.3/',
  'http://0.0.0.0/',
  'http://[::1]/',
  'http://[::1]:3000/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://10.1.2.3/',
  'http://10.1.2.3:8080/',
  'http://192.168.1.5/',
  'http://[::ffff:192.168.1.5]/',
  'http://[2001:db8::1]/',
  'http://[2001:db8::1]:8080/',
  'http://[2001:db8:1::1]/',
  'http://[fe80::1]/',
  'http://xn--mnchen-3ya.test/',
];

const NO_PROXY = [
  '',
  '*',
  'example.test',
  'EXAMPLE.TEST',
  'example.test.',
  '.example.test',
  '*.example.test',
  '*example.test',
  '*:8080',
  '*:80',
  ':8080',
  'api.example.test',
  'example.test:8080',
  'example.test:443',
  'example.test:80',
  'example.test:0',
  '[::1]:0',
  '.example.test:8443',
  'other.test,example.test',
  'other.test example.test',
  ' , other.test ,, example.test , ',
  'localhost',
  'localhost:3000',
  '.localhost',
  '127.0.0.1',
  '127.0.0.1:3000',
  '127.1',
  '0.0.0.0',
  '::1',
  '[::1]',
  '[::1]:3000',
  '::',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  '10.1.2.3',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '127.0.0.0/8',
  '192.168.1.5',
  '192.168.0.0/16',
  '::ffff:192.168.1.5',
  '::ffff:c0a8:105',
  '2001:db8::1',
  '2001:DB8:0:0::1',
  '[2001:db8::1]',
  '[2001:db8::1]:8080',
  '2001:db8::/32',
  '[2001:db8::]/32',
  '2001:db8::/48',
  'fe80::/10',
  '::/0',
  'münchen.test',
  '.münchen.test',
  'localhost,127.0.0.1,::1,.internal',
  'example.test/path',
  'http://example.test',
];

describe('which URLs go through the proxy of the environment', () => {
  it.each(NO_PROXY)('with NO_PROXY=%s', (noProxy) => {
    environment({ http_proxy: 'http://proxy.test:3128', https_proxy: 'http://proxy.test:3128', no_proxy: noProxy });
    const through = (decide: (url: string) => unknown): string[] => URLS.filter((url) => Boolean(decide(url)));
    expect(through(ours)).toEqual(through(axiosUsesProxy));
  });

  it('the table has both answers', () => {
    environment({ http_proxy: 'http://proxy.test:3128', no_proxy: '10.0.0.0/8' });
    expect(axiosUsesProxy('http://10.1.2.3/')).toBe(false);
    expect(axiosUsesProxy('http://11.1.2.3/')).toBe(true);
  });
});

describe('the variables', () => {
  const P = 'http://proxy.test:3128';
  const Q = 'http://other.test:8080';
  it.each<Record<string, string>>([
    {},
    { http_proxy: P },
    { HTTP_PROXY: P },
    { https_proxy: P },
    { HTTPS_PROXY: P },
    { all_proxy: P },
    { ALL_PROXY: P, http_proxy: Q },
    { http_proxy: P, HTTP_PROXY: Q },
    { HTTPS_PROXY: P, https_proxy: Q },
    { http_proxy: '', HTTP_PROXY: Q },
    { https_proxy: 'proxy.test:3128' },
    { http_proxy: 'proxy.test:3128' },
    { https_proxy: 'https://proxy.test' },
    { https_proxy: 'http://proxy.test' },
    { http_proxy: P, NO_PROXY: 'example.test' },
    { http_proxy: P, no_proxy: 'other.test', NO_PROXY: 'example.test' },
    { https_proxy: 'http://[::1]:3128' },
  ])('%j name the proxy that axios would take', (values) => {
    environment(values);
    for (const url of ['http://example.test/', 'https://example.test/']) {
      const theirs = axiosUsesProxy(url) ? new URL(getProxyForUrl(url)) : undefined;
      const mine = ours(url);
      expect(mine && { host: mine.host, port: mine.port, secure: mine.secure }).toEqual(
        theirs && {
          host: theirs.hostname.replace(/^\[|\]$/g, ''),
          port: Number(theirs.port) || (theirs.protocol === 'https:' ? 443 : 80),
          secure: theirs.protocol === 'https:',
        },
      );
    }
  });

  it('may carry credentials, escaped', () => {
    environment({ https_proxy: 'http://us%40er:p%3Aw@proxy.test:3128' });
    expect(ours('https://example.test/')?.auth).toBe('us@er:p:w');
  });

  it('do not count where the agent proxies by itself', () => {
    environment({ http_proxy: P });
    const agent = Object.assign(new http.Agent(), { proxy: P });
    expect(proxyFor('http:', { host: 'example.test' }, undefined, agent)).toBeUndefined();
  });
});

describe("axios' proxy option", () => {
  const agent = new http.Agent();
  it('goes before the environment, and false turns that off', () => {
    environment({ http_proxy: 'http://proxy.test:3128', no_proxy: '*' });
    expect(proxyFor('http:', { host: 'a.test' }, { host: 'own.test', port: 1 }, agent)).toMatchObject({ host: 'own.test', port: 1 });
    environment({ http_proxy: 'http://proxy.test:3128' });
    expect(proxyFor('http:', { host: 'a.test' }, false, agent)).toBeUndefined();
  });

  it.each([
    [
      { host: 'p', port: 8080 },
      { host: 'p', port: 8080, secure: false, auth: undefined },
    ],
    [
      { host: 'p', port: 8080, protocol: 'https' },
      { host: 'p', port: 8080, secure: true, auth: undefined },
    ],
    [
      { host: 'p', port: 8080, protocol: 'https:' },
      { host: 'p', port: 8080, secure: true, auth: undefined },
    ],
    [
      { host: '[::1]', port: 8080 },
      { host: '::1', port: 8080, secure: false, auth: undefined },
    ],
    [
      { host: 'p', port: 8080, auth: { username: 'u', password: 'w' } },
      { host: 'p', port: 8080, secure: false, auth: 'u:w' },
    ],
  ])('%j is %j', (option, server) => {
    expect(proxyFor('http:', { host: 'a.test' }, option, agent)).toEqual(server);
  });
});
